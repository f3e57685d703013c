"""From other people's models to `compute.zkml.graph.FloatModel`, one module a source."""
