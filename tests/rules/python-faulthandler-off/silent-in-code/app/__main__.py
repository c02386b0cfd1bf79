import faulthandler
faulthandler.enable()
