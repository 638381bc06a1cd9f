"""Publish mirrors to the bucket, so that analysts can clone from there: ``git clone NAME.bundle``.

A bundle is put again only when a ref changed. ``mirrors/<repository id>.json`` says which bundle is current.
"""

import msgspec

from observes_assets.bucket import Bucket, NotInBucketError
from observes_assets.scratch import scratch
from observes_assets.sources.git.client import Mirror


class Published(msgspec.Struct, frozen=True):
    """What the bucket holds of a mirror."""

    bundle: str
    refs_sha256: str


def publish(bucket: Bucket, mirror: Mirror, repository_id: str, name: str) -> bool:
    """Put the mirror's bundle into the bucket if its refs changed; says whether it did.

    Args:
        name: organization/group/nickname; the bundle lies under ``mirrors/`` by that name.
    """
    if mirror.is_empty():
        return False
    card = f"mirrors/{repository_id}.json"
    current = Published(bundle=f"mirrors/{name}.bundle", refs_sha256=mirror.refs_digest())
    try:
        before = msgspec.json.decode(bucket.get(card), type=Published)
    except NotInBucketError:
        before = None
    if before == current:
        return False
    with scratch("bundle") as folder:
        path = folder / "repository.bundle"
        mirror.bundle(path)
        bucket.put(current.bundle, path)
    bucket.put(card, msgspec.json.encode(current))
    if before is not None and before.bundle != current.bundle:
        bucket.delete(before.bundle)
    return True
