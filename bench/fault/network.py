"""Certificates that have expired, and names that move."""
import os, socket, subprocess, time
from fault.base import Fault, backends, free_port, kill, lasting, reload, root_only
from stack import Stack

SERVER = "/CN=localhost"


def run(*command, **more):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **more)


class Authority:
    """Signs certificates for the name localhost, of any time."""

    def __init__(self, folder):
        self.folder = folder
        os.mkdir(folder)
        os.chmod(folder, 0o755)
        self.root = os.path.join(folder, "root.crt")
        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=authority",
            "-keyout", self.root + ".key", "-out", self.root)
        with open(os.path.join(folder, "ca.conf"), "w") as file:
            file.write("[ca]\ndefault_ca = a\n[a]\ndatabase = %s/index\nserial = %s/serial\nnew_certs_dir = %s\n"
                       "default_md = sha256\npolicy = p\nunique_subject = no\n[p]\ncommonName = supplied\n" % ((folder,) * 3))
        open(os.path.join(folder, "index"), "w").close()
        with open(os.path.join(folder, "serial"), "w") as file:
            file.write("01\n")

    def certify(self, data, begin, end):
        """server.key and server.crt of a PostgreSQL, from and until these (YYYYMMDDHHMMSSZ)."""
        key, request = os.path.join(data, "server.key"), os.path.join(self.folder, "request")
        run("openssl", "req", "-newkey", "rsa:2048", "-nodes", "-subj", SERVER, "-keyout", key, "-out", request)
        run("openssl", "ca", "-batch", "-config", os.path.join(self.folder, "ca.conf"), "-cert", self.root,
            "-keyfile", self.root + ".key", "-in", request, "-notext", "-startdate", begin, "-enddate", end,
            "-out", os.path.join(data, "server.crt"))
        owner = os.stat(data)
        os.chmod(key, 0o600)
        for name in key, os.path.join(data, "server.crt"):
            os.chown(name, owner.st_uid, owner.st_gid)


def certificate(options):
    """The certificate of PostgreSQL has expired."""
    with Stack(options) as s:
        s.users()
        data = os.path.join(s.data, "pg")
        authority = Authority(os.path.join(s.folder, "authority"))
        authority.certify(data, "20200101000000Z", "20990101000000Z")
        s.psql("alter system set ssl = on")
        port = listen(s)
        s.set("database", "host=localhost hostaddr=127.0.0.1 port=%d user=latchkey dbname=latchkey sslmode=verify-full"
              " sslrootcert=%s sslcert=/nowhere gssencmode=disable" % (port, authority.root))
        reload(s)
        with Fault("the certificate of PostgreSQL expired for %d s" % lasting(options, 10), s) as f:
            authority.certify(data, "20200101000000Z", "20210101000000Z")
            s.psql("select pg_reload_conf()")
            time.sleep(1)
            kill(backends(s), 15)
            time.sleep(lasting(options, 10))
            f.trace("the log says expired", f.logged("certificate has expired"))
            authority.certify(data, "20200101000000Z", "20990101000000Z")
            s.psql("select pg_reload_conf()")
            f.off()


def listen(s):
    """Restarts PostgreSQL at a free port of the loopback address; the socket goes on under its name."""
    port = free_port()
    with open(os.path.join(s.folder, "postgresql.conf"), "a") as file:
        file.write("listen_addresses = '127.0.0.1'\nport = %d\n" % port)
    s.part("db-stop")
    s.part("db-start")
    s.env["LK_PSQL_ADMIN"] = s.env["LK_PSQL_ADMIN"].replace("-p 5432", "-p %d" % port)
    return port


def moved(options):
    """The database's name has another address."""
    root_only()
    with Stack(options) as s:
        s.users()
        hosts = os.path.join(s.folder, "hosts")
        port = listen(s)
        with open(os.path.join(s.folder, "postgresql.conf"), "a") as file:
            file.write("listen_addresses = '127.0.0.1,127.0.0.2'\n")
        s.part("db-stop")
        s.part("db-start")
        write_hosts(hosts, "127.0.0.1")
        run("mount", "--bind", hosts, "/etc/hosts")  # of this campaign's own mounts (faults.py)
        try:
            s.set("database", "host=database.test port=%d user=latchkey dbname=latchkey sslmode=disable gssencmode=disable" % port)
            reload(s)
            with Fault("the name of the database moves, and its old address is gone", s) as f:
                write_hosts(hosts, "127.0.0.2")
                with open(os.path.join(s.folder, "postgresql.conf"), "a") as file:
                    file.write("listen_addresses = '127.0.0.2'\n")
                s.part("db-stop")
                s.part("db-start")
                f.off()
                f.trace("%d sessions, and nothing listens at the old address" % len(backends(s)),
                        f.load.recovered(f.ended) and refused("127.0.0.1", port))
        finally:
            run("umount", "/etc/hosts")


def refused(address, port):
    try:
        socket.create_connection((address, port)).close()
        return False
    except ConnectionRefusedError:
        return True


def write_hosts(path, address):
    with open(path, "w") as file:  # in place: it is mounted
        file.write("127.0.0.1 localhost\n%s database.test\n" % address)


ROWS = {"certificate": certificate, "moved": moved}
