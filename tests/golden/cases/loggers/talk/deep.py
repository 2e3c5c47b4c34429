import logging
log = logging.getLogger(__name__)
def speak():
    log.info("hello")
    log.debug("never")
