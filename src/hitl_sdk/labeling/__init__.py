"""The storyline of Ground Truth: manifests in, labeling jobs, chains of them."""

__all__: list[str] = []
