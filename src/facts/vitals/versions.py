# The versions on disk of the modules named before `--`; the container's own command follows.
at = sys.argv.index("--")
wanted, folders = sys.argv[1:at], paths(sys.argv[at + 1 :])
found = {}
for name in wanted:
    files = [manifest(os.path.join(folder, name)) for folder in folders]
    file = next((one for one in files if one), None)
    try:
        found[name] = str(read(file).get("version", "1.0")) if file else None
    except Exception as error:
        found[name] = "unreadable: %s" % type(error).__name__
json.dump(found, sys.stdout)
