"""Users of a site: some keep their connection, some open a new one for every request."""
import http.client
import threading
import time

# Nobody waits longer for a page.
PATIENCE = 30


class Users:
    """Ask without a pause from `with` to its end; then `requests`, `failed`, and the longest gap between two answers."""

    def __init__(self, address, host, path, count=4):
        self.address, self.host, self.path = address, host, path
        self.over = threading.Event()
        self.lock = threading.Lock()
        self.requests, self.failed, self.answers = 0, 0, []
        self.threads = [threading.Thread(target=self.ask, args=(n % 2 == 0,)) for n in range(count)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join(PATIENCE * 2)

    @property
    def gap(self):
        at = sorted(self.answers)
        return max((later - earlier for earlier, later in zip(at, at[1:])), default=0.0)

    def ask(self, keep):
        link = None
        while not self.over.is_set():
            fresh = link is None
            link = link or http.client.HTTPConnection(self.address, 80, timeout=PATIENCE)
            try:
                link.request("GET", self.path, headers={"Host": self.host})
                answer = link.getresponse()
                answer.read()
                good = answer.status == 200
            except http.client.RemoteDisconnected:
                # A server may close a connection that nothing is asked on; a browser asks again.
                if not fresh:
                    link = None
                    continue
                good = False
            except (OSError, http.client.HTTPException):
                good = False
            if not (keep and good):
                link.close()
                link = None
            with self.lock:
                self.requests += 1
                self.failed += not good
                if good:
                    self.answers.append(time.perf_counter())
            if not good:
                time.sleep(0.02)
