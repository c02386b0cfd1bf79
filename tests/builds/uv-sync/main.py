import signal
import sys
import time

from tabulate import tabulate

signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
print(tabulate([["high", "04:12"], ["low", "10:31"]], headers=["tide", "time"]))
print("waiting for the next tide", flush=True)
while True:
    time.sleep(60)
