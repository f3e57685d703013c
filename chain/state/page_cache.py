"""Committed pages kept decoded, bounded by their bytes."""

from typing import Final

from chain.state.pages import Page

PAGE_BYTES: Final = 2200  # CPython: a page's buffers, its key and its place in a dictionary


class PageCache:
    """Two generations: what is used moves into the young one; when that is full, the old one is dropped whole.

    That keeps the pages near the root, which every batch touches, without bookkeeping for each use.
    """

    def __init__(self, max_bytes: int) -> None:
        self._half = max_bytes // PAGE_BYTES // 2
        self._young: dict[bytes, Page] = {}
        self._old: dict[bytes, Page] = {}

    def get(self, key: bytes) -> Page | None:
        page = self._young.get(key)
        if page is None:
            page = self._old.pop(key, None)
            if page is not None:
                self.put(key, page)
        return page

    def put(self, key: bytes, page: Page) -> None:
        self._young[key] = page
        if len(self._young) > self._half:
            self._old, self._young = self._young, {}

    def drop(self, key: bytes) -> None:
        """Forget a page that no newer version will read again."""
        if self._young.pop(key, None) is None:
            self._old.pop(key, None)
