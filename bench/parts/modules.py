"""Modules of real Odoo: `ops install-modules` beside the line that is typed by hand."""
import json

from kit import figures, place
from kit.stacks import DROPLET, ENVIRONMENT, Stacks

ROUNDS = 5
MODULE = "ipai_docs"
# The service is called after the slot that serves.
BY_HAND = ("cd /opt/odoo && docker compose run --rm --no-deps -T $(docker compose config --services | grep -m1 ^odoo)"
           + " odoo -d odoo -u " + MODULE
           + " --stop-after-init --no-http --workers=0 --max-cron-threads=0 </dev/null")


def measure():
    stacks = Stacks(seed=None)
    stacks.ops("deploy", ENVIRONMENT, "--ref", "main", "--yes")
    update = figures.Series("its own step `update`")

    def by_ops():
        place.fresh_runtime()
        seconds, _ = place.ops("--config", stacks.inventory, "install-modules", ENVIRONMENT, "--update", MODULE, "--yes")
        run = json.loads(stacks.ops("runs", "list", ENVIRONMENT, "--output", "json"))["runs"][0]
        update.seconds.append(next(row["millis"] for row in run["ledger"] if row["step"] == "switch.update") / 1000)
        return seconds

    def by_hand():
        place.fresh_runtime()
        seconds, _ = place.timed(["ssh", "-F", stacks.ssh_config, DROPLET, BY_HAND])
        return seconds

    series = figures.interleaved({"`ops install-modules --update`": by_ops, "`docker compose run`": by_hand}, ROUNDS)
    ops, hand = series.values()
    return (figures.table(["seconds", *figures.SECONDS[1:]], [one.row() for one in (ops, update, hand)]) + "\n"
            + figures.table(figures.RATIOS, [
                figures.ratio_row("the step / `docker compose run`", update, hand, at_most=1.1),
                figures.ratio_row("all of it (stop, copy, update, verify, start) / `docker compose run`", ops, hand)]))
