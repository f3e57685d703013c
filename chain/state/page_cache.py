"""Committed pages kept decoded, bounded by an estimate of their bytes."""

from typing import Final

from chain.state.pages import EMPTY_SLOT, SLOTS, Page

# CPython's sizes of a page's lists, and of a slot with its tuple, hashes, version and path.
_PAGE_BYTES: Final = 800
_SLOT_BYTES: Final = 290


class PageCache:
    """Two generations: what is used moves into the young one; when that is full, the old one is dropped whole.

    That keeps the pages near the root, which every batch touches, without bookkeeping for each use.
    """

    def __init__(self, max_bytes: int) -> None:
        self._half = max_bytes // 2
        self._young: dict[bytes, Page] = {}
        self._old: dict[bytes, Page] = {}
        self._young_bytes = 0

    def get(self, key: bytes) -> Page | None:
        page = self._young.get(key)
        if page is None:
            page = self._old.pop(key, None)
            if page is not None:
                self.put(key, page)
        return page

    def put(self, key: bytes, page: Page) -> None:
        self._young[key] = page
        self._young_bytes += _weight(page)
        if self._young_bytes > self._half:
            self._old, self._young = self._young, {}
            self._young_bytes = 0

    def drop(self, key: bytes) -> None:
        """Forget a page that no newer version will read again."""
        page = self._young.pop(key, None)
        if page is not None:
            self._young_bytes -= _weight(page)
        else:
            self._old.pop(key, None)


def _weight(page: Page) -> int:
    return _PAGE_BYTES + _SLOT_BYTES * (SLOTS - page.slots.count(EMPTY_SLOT))
