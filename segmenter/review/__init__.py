"""The local web application in which labels are looked at and corrected."""
