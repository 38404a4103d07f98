"""Read a message to a patient who has no mobile phone.

	python -m acacias.voice_message +33199001028 "Votre rendez-vous est avancé"
"""

import logging
import os
import sys

import callr

log = logging.getLogger(__name__)

# Off on the development machines: a call costs money and wakes people up.
LIVE = os.environ.get("ACACIAS_LIVE", "1") == "1"
VOICE = "TTS_FR-FR_AUDREY"

api = callr.Api(os.environ["CALLR_LOGIN"], os.environ["CALLR_PASSWORD"]) if LIVE else None


def record(name, text):
	"""Make a media with that text read aloud; returns its id."""
	media_id = api.send("media/library.create", [name])
	api.send("media/tts.set_content", [media_id, text, VOICE, None])
	return media_id


def ring(number, media_id):
	target = {"number": number, "timeout": 30}
	# twice, since people miss the first words
	return api.send("calls.broadcast_1", [target, [media_id], {"cli": "BLOCKED", "loop": 2}])


def main():
	logging.basicConfig(level=logging.INFO)
	number, text = sys.argv[1:3]
	if not LIVE:
		print("not live: would call", number)
		return
	try:
		media_id = record("Message %s" % number[-4:], text)
		request = ring(number, media_id)
	except callr.CallrException as e:
		log.error("call to %s failed: %s", number, e)
		# a text is better than nothing
		api.send("sms.send", ["", number, text, {"nature": "ALERTING"}])
		print("sent as SMS instead")
	else:
		log.info("request %s", request)
		print("calling", number)


if __name__ == "__main__":
	main()
