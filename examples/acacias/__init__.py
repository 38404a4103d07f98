"""The phone and SMS side of the Clinique des Acacias."""
