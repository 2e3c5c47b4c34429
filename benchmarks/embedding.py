"""How fast images become embeddings: against the network alone, the original's loop, ONNX Runtime and XLA.

The network alone is its compiled forward pass on pixels that are ready; the loop is one ``predict`` per image, as
TensorFlow is installed, in a process of its own: the kernel's driver turns oneDNN on. Random weights, photographs of
scikit-image as JPEG files; the best of rounds. Each way has as many images as its speed allows. ONNX Runtime and what
converts to it are installed into a folder of its own, made for the run.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from timeit import timeit
from typing import Any

import cv2
import numpy as np
import skimage.data
from numpy.typing import NDArray

from benchmarks._figures import Figure

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "kernel_src"))

ROUNDS = 2
OF_THE_BARE = 0.95
"""The part of the bare network's rate that should be reached."""
OF_THE_LOOP = 5.0
"""How many times as fast as the original's loop B0 should be, at the least."""
OPSET = 17


@dataclass(frozen=True, kw_only=True)
class Network:
    """What is measured: a backbone, its side in pixels, images, and of these those of slow ways."""

    backbone: str
    side: int
    images: int
    slow: int
    converted: bool
    """Whether ONNX Runtime and XLA are tried: of the larger network, converting and compiling takes too long."""

    @property
    def name(self) -> str:
        """Backbone and side."""
        return f"{self.backbone} at {self.side} px"


NETWORKS = (
    Network(backbone="efficientnet-b0", side=256, images=128, slow=16, converted=True),
    Network(backbone="efficientnet-b7", side=512, images=16, slow=4, converted=False),
)

Way = tuple[int, Callable[[], Any]]
"""How many images, and what embeds them."""


def main() -> list[Figure]:
    """Print and return figures per network."""
    with tempfile.TemporaryDirectory() as folder:
        return [figure for network in NETWORKS for figure in _measured(Path(folder), network)]


def _measured(folder: Path, network: Network) -> list[Figure]:
    seconds = _seconds(_ways(folder, network))
    file = Path(__file__)
    command = [sys.executable, "-m", f"benchmarks.{file.stem}", network.backbone]
    default = {name: value for name, value in os.environ.items() if name != "TF_ENABLE_ONEDNN_OPTS"}
    done = subprocess.run(command, cwd=file.parents[1], env=default, check=True, stdout=subprocess.PIPE, text=True)
    seconds["original's loop"] = float(done.stdout.split()[-1])
    mine = seconds.pop("ours")
    print(f"{network.name}: milliseconds an image, and their ratio to ours")
    for name, taken in {"ours": mine, **seconds}.items():
        print(f"  {name:40} {1e3 * taken:8.1f}  {taken / mine:6.2f}", flush=True)
    figure = partial(Figure, seconds=mine, peers=seconds)
    figures = [
        figure(name=f"{network.name}, an image, beside the bare network", target=seconds["bare network"] / OF_THE_BARE)
    ]
    if network is NETWORKS[0]:
        target = seconds["original's loop"] / OF_THE_LOOP
        figures.append(figure(name=f"{network.name}, an image, beside the original's loop", target=target))
    return figures


def _ways(folder: Path, network: Network) -> dict[str, Way]:
    import tensorflow as tf

    from landmarks.embedding import Embedder
    from landmarks.settings import EmbeddingSettings

    model, sizes = _model(network)
    side, settings = network.side, EmbeddingSettings()
    photos = _photographs(folder, network.images)
    ready = np.stack([_pixels(photo, side) for photo in photos])
    embedder = Embedder([(model, sizes)], settings)
    signature = [tf.TensorSpec((None, side, side, 3), tf.float32)]
    bare = tf.function(lambda images: model(images, training=False), input_signature=signature)

    def batched(embed: Callable[[NDArray[np.float32]], Any], count: int, batch: int = settings.batch) -> Way:
        return count, lambda: [embed(ready[start : start + batch]) for start in range(0, count, batch)]

    ways: dict[str, Way] = {
        "ours": (network.images, lambda: list(embedder(photos))),
        "bare network": batched(lambda images: bare(images).numpy(), network.images),
        "bare network, one at a time": batched(lambda images: bare(images).numpy(), network.slow, 1),
        "pixels alone, one thread": (network.slow, lambda: [_pixels(photo, side) for photo in photos[: network.slow]]),
        "original's loop, with oneDNN": (network.slow, lambda: _loop(model, photos[: network.slow], side)),
    }
    if network.converted:
        by_xla = tf.function(bare.python_function, input_signature=signature, jit_compile=True)
        ways["XLA"] = batched(lambda images: by_xla(images).numpy(), network.slow)
        try:
            by_onnx = _onnx(folder, bare)
            difference = np.abs(by_onnx(ready[:16]) - bare(ready[:16]).numpy()).max()
            print(f"largest difference of ONNX Runtime: {difference:.1e}")
            ways["ONNX Runtime"] = batched(by_onnx, network.images)
        except Exception as error:  # noqa: BLE001 - whatever a converter of other versions raises, the others are timed
            print(f"ONNX Runtime: {type(error).__name__}: {error}")
    return ways


def _seconds(ways: Mapping[str, Way]) -> dict[str, float]:
    """Return the seconds an image of each way, the best of the rounds; what compiles does so before."""
    for _, way in ways.values():
        way()
    rounds = [[timeit(way, number=1) / count for count, way in ways.values()] for _ in range(ROUNDS)]
    return dict(zip(ways, map(min, zip(*rounds, strict=True)), strict=True))


def _loop(model: Any, photos: Sequence[Any], side: int) -> None:
    for photo in photos:
        model.predict(_pixels(photo, side)[None], verbose=0)


def _model(network: Network) -> tuple[Any, Any]:
    import tensorflow as tf

    from landmarks.network import encoder
    from landmarks.settings import NetworkSettings

    tf.keras.utils.set_random_seed(0)
    sizes = NetworkSettings(backbone=network.backbone, resize_px=network.side, input_px=network.side)
    return encoder(sizes), sizes


def _pixels(photo: Any, side: int) -> NDArray[np.float32]:
    from landmarks.images import global_pixels

    return global_pixels(photo.path, resize_px=side, input_px=side)


def _photographs(folder: Path, count: int) -> list[Any]:
    from landmarks.dataset import Photo

    scenes = [getattr(skimage.data, name)() for name in ("astronaut", "coffee", "chelsea")]
    photos = [Photo(f"{number:04x}", folder / f"{number:04x}.jpg") for number in range(count)]
    for number, photo in enumerate(photos):
        turned = np.rot90(scenes[number % 3], number // 3 % 4)
        cv2.imwrite(str(photo.path), cv2.resize(turned[..., ::-1], (800, 600)))
    return photos


def _onnx(folder: Path, bare: Any) -> Callable[[NDArray[np.float32]], Any]:
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    packages = folder / "packages"
    uv = Path(sys.executable).with_name("uv")
    wanted = ("onnxruntime", "onnx==1.17.0", "tf2onnx")  # a later onnx needs another protobuf than TensorFlow
    subprocess.run([uv, "pip", "install", "--quiet", "--no-deps", "--target", packages, *wanted], check=True)
    sys.path.append(str(packages))
    import onnxruntime
    import tf2onnx

    file = folder / "network.onnx"
    constant = convert_variables_to_constants_v2(bare.get_concrete_function())
    (entry,), (result,) = constant.inputs, constant.outputs
    tf2onnx.convert.from_graph_def(
        constant.graph.as_graph_def(),
        input_names=[entry.name],
        output_names=[result.name],
        opset=OPSET,
        output_path=str(file),
    )
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    return lambda batch: session.run(None, {entry.name: batch})[0]


def _original(backbone: str) -> None:
    """Print the seconds an image of the original's loop in this process."""
    (network,) = (network for network in NETWORKS if network.backbone == backbone)
    model, _ = _model(network)
    with tempfile.TemporaryDirectory() as folder:
        photos = _photographs(Path(folder), network.slow)
        print(*_seconds({"": (len(photos), lambda: _loop(model, photos, network.side))}).values())


if __name__ == "__main__":
    _original(sys.argv[1])
