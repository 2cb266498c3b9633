"""Where people already work: each module is for one library, and needs its extra."""
