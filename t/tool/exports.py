"""Exports of accounts by Keycloak and Firebase, with the hashes of t/vectors/formats whose password is "wonderland".

    exports.py FOLDER

FOLDER gets realm.json and accounts.json. Each has a disabled account besides, and one without a password.
"""
import json
import sys

vectors = [line.split("\t") for line in open("t/vectors/formats", encoding="utf-8") if not line.startswith("#")]
vectors = [hash.strip() for _, _, password, hash in vectors if password == "wonderland"]
users = []
for hash in vectors:
    if hash.startswith("keycloak$"):
        _, algorithm, rounds, salt, value = hash.split("$")
        data = {"hashIterations": int(rounds), "algorithm": algorithm, "additionalParameters": {}}
    elif hash.startswith("$argon2"):
        _, kind, *version, figures, salt, value = hash.split("$")
        memory, rounds, lanes = (figure[2:] for figure in figures.split(","))
        data = {"hashIterations": int(rounds), "algorithm": "argon2", "additionalParameters": {
            "hashLength": ["32"], "memory": [memory], "type": [kind[6:]], "parallelism": [lanes],
            "version": ["1.3" if version == ["v=19"] else "1.0"]}}
    else:
        continue
    credential = {"type": "password", "secretData": json.dumps({"value": value, "salt": salt, "additionalParameters": {}}),
                  "credentialData": json.dumps(data)}
    users.append({"username": f"of{len(users)}", "enabled": True, "credentials": [{"type": "otp"}, credential]})
users.append({"username": "off", "enabled": False, "credentials": users[0]["credentials"]})
users.append({"username": "by-another-way", "enabled": True, "credentials": []})
with open(sys.argv[1] + "/realm.json", "w") as f:
    json.dump({"realm": "it's", "users": users}, f, indent=2)
salt, value = next(hash for hash in vectors if hash.startswith("$fbscrypt$")).split("$")[-2:]
with open(sys.argv[1] + "/accounts.json", "w") as f:
    json.dump({"users": [{"localId": "1", "email": "ada@example.org", "passwordHash": value, "salt": salt},
                         {"localId": "2", "email": "off@example.org", "passwordHash": value, "salt": salt, "disabled": True},
                         {"localId": "3", "phoneNumber": "+1"}]}, f)
