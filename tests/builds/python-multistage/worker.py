import signal
import sys
import time

import schedule

signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
schedule.every().second.do(lambda: print("tick"))
while True:
    schedule.run_pending()
    time.sleep(0.2)
