from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from dcai.models.native.base import NativeModel

__all__ = ["NearestCentroidClassifier"]

@final
class NearestCentroidClassifier(NativeModel):
    def __new__(cls, centroids: Any, counts: Any) -> NearestCentroidClassifier: ...
    @staticmethod
    def restore(centroids: Any, counts: Any) -> NearestCentroidClassifier: ...
    @property
    def centroids(self) -> list[NDArray[np.int64]]: ...
    @property
    def counts(self) -> list[int]: ...
    def add_class(self, centroid: Any, count: Any) -> None: ...
    def extend_centroid(self, extension: Any, label: Any) -> None: ...
