"""The steps of a quantised model, one file each: what it computes, how far it can reach, how it is constrained."""
