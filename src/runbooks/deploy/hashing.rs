//! How the checksums of modules are asked for (`deploy.update: hash`): in a container of the new release's image, with
//! the mounts that the release will have and its checkout, so that what is judged is what will run.

use serde_json::Value;

use super::checksums::{self, Checksums};
use super::looking::{Look, words};
use super::reading::repository;
use super::render::{self, moved};
use super::stage::{Wanted, good};
use super::staged::Staged;
use crate::cmd::Cmd;
use crate::facts::{Facts, Probe};
use crate::frames;
use crate::inventory::{Environment, Role};
use crate::program::Program;
use crate::tools::checksums::QUESTION;

pub(crate) const CHECKSUMS: Program =
    Program::shell("deploy.checksums", &[frames::SHELL, include_str!("checksums.sh")]).reads(&[
        "nonce", "project", "path", "service", "db", "database", "name", "pull", "model", "image", "words",
        "question",
    ]);

/// What is asked on the droplet, where there is anything to ask: one droplet with both web and database, on which Odoo
/// runs already, and an image that can be had before the plan.
pub fn script(
    env: &Environment,
    facts: &Facts,
    staged: &Staged,
    wanted: &Wanted,
    (project, nonce): (&str, &str),
) -> Option<Cmd> {
    let [droplet] = env.droplets.as_slice() else { return None };
    let both = [Role::Web, Role::Db].iter().all(|role| droplet.roles.contains(role));
    let database = facts.database.as_ref().ok()?.as_ref()?;
    let live = facts.web(&env.stack.web).filter(|_| both && database.odoo)?;
    let model = staged.model.as_ref().ok()?;
    let service = render::service(model, &env.stack.web)?;
    if built(service, wanted) {
        return None;
    }
    let (code, moved) = match &staged.code {
        Some(code) => {
            let code = code.as_ref().ok()?;
            (Some(&code.sha), moved(&env.stack, model, code, staged).ok()?)
        }
        None => (None, Vec::new()),
    };
    let source = code.map(|sha| format!("{}/{project}/cache/stage/{sha}", env.state_dir)).unwrap_or_default();
    let image = staged.images.get(&env.stack.web)?.as_ref().ok()?;
    let here = image.local_id.clone().filter(|_| image.present);
    let digest = image.digest.as_ref().map(|digest| format!("{}@{digest}", repository(&image.reference)));
    let pull = if image.present { None } else { digest };
    let reference = here.or_else(|| pull.clone()).unwrap_or_else(|| image.reference.clone());
    let look = Look { env, model, live, moved: &moved, source: &source };
    let own = ["command", "entrypoint"].iter().any(|key| words(service.get(*key)).next().is_some());
    let values = [
        ("nonce", nonce.to_owned()),
        ("project", project.to_owned()),
        ("path", env.stack.path.to_string()),
        ("service", env.stack.web.clone()),
        ("db", env.stack.db.clone()),
        ("database", env.stack.database.clone()),
        ("name", format!("{project}-ops-checksums-{}", nonce.get(..8).unwrap_or_default())),
        ("pull", pull.unwrap_or_default()),
        ("model", look.model(service, &reference)),
        ("image", reference),
        ("words", if own { String::new() } else { "yes".to_owned() }),
        ("question", QUESTION.trim().to_owned()),
    ];
    Some(Cmd::piped_script(CHECKSUMS, &values))
}

/// The image is made from the checkout, and there is none before the plan is carried out.
pub(super) fn built(service: &Value, wanted: &Wanted) -> bool {
    wanted.image.is_none() && service.get("build").is_some()
}

/// Reads the answer into the stage; the image is on the droplet now.
pub fn tell(env: &Environment, staged: &mut Staged, nonce: &str, stdout: &[u8]) {
    let parts = frames::parse(nonce, stdout);
    let read = || -> Probe<Checksums> {
        let question = good(&parts, "question")?;
        good(&parts, "image")?;
        checksums::read(&question.bytes, &good(&parts, "checksums")?.bytes)
    };
    staged.checksums = Some(read());
    if let (Ok(id), Some(Ok(image))) = (good(&parts, "image"), staged.images.get_mut(&env.stack.web)) {
        image.local_id = Some(id.text().trim().to_owned());
        image.present = true;
    }
}
