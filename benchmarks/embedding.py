"""How fast images become embeddings: against the network alone, the original's loop, ONNX Runtime and XLA.

The network alone is its compiled forward pass on pixels that are ready; the loop is one ``predict`` per image.
Random weights, photographs of scikit-image as JPEG files, one process; the best of rounds. ONNX Runtime and what
converts to it are installed into a folder of its own, made for the run.
"""

import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
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

NETWORKS = (("efficientnet-b0", 256, 64), ("efficientnet-b7", 512, 16))
"""Backbone, side in pixels, images."""
ROUNDS = 3
OF_THE_BARE = 0.95
"""The part of the bare network's rate that should be reached."""
OF_THE_LOOP = {"efficientnet-b0": 5.0}
"""How many times as fast as the original's loop, at the least; other networks take too long for all the ways."""

Way = Callable[[], Any]


def main() -> list[Figure]:
    """Print and return a figure per network."""
    print("images a second\n")
    with tempfile.TemporaryDirectory() as folder:
        return [figure for network in NETWORKS for figure in _measured(Path(folder), *network)]


def _measured(folder: Path, backbone: str, side: int, count: int) -> list[Figure]:
    import tensorflow as tf

    from landmarks.embedding import Embedder
    from landmarks.images import global_pixels
    from landmarks.network import encoder
    from landmarks.settings import EmbeddingSettings, NetworkSettings

    tf.keras.utils.set_random_seed(0)
    network = NetworkSettings(backbone=backbone, resize_px=side, input_px=side)
    model, settings = encoder(network), EmbeddingSettings()
    photos = _photographs(folder, count)
    embedder = Embedder([(model, network)], settings)
    ready = np.stack([global_pixels(photo.path, resize_px=side, input_px=side) for photo in photos])
    batches = [ready[start : start + settings.batch] for start in range(0, count, settings.batch)]
    signature = [tf.TensorSpec((None, side, side, 3), tf.float32)]
    compiled, by_xla = (
        tf.function(lambda images: model(images, training=False), input_signature=signature, jit_compile=xla)
        for xla in (None, True)
    )

    def original() -> None:
        for photo in photos:
            model.predict(global_pixels(photo.path, resize_px=side, input_px=side)[None], verbose=0)

    ways: dict[str, Way] = {
        "ours": lambda: list(embedder(photos)),
        "bare": lambda: [compiled(batch).numpy() for batch in batches],
    }
    if backbone in OF_THE_LOOP:
        ways["XLA"] = lambda: [by_xla(batch).numpy() for batch in batches]
        ways["original's loop"] = original
        try:
            by_onnx = _onnx(folder, compiled, signature)
            ways["ONNX Runtime"] = lambda: [by_onnx(batch) for batch in batches]
            difference = np.abs(by_onnx(batches[0]) - compiled(batches[0]).numpy()).max()
            print(f"largest difference of ONNX Runtime: {difference:.1e}")
        except Exception as error:  # noqa: BLE001 - whatever a converter of other versions raises, the others are timed
            print(f"ONNX Runtime: {type(error).__name__}: {error}")
    for way in ways.values():
        way()  # compiles
    rounds = [[timeit(way, number=1) for way in ways.values()] for _ in range(ROUNDS)]
    times = dict(zip(ways, (min(seconds) for seconds in zip(*rounds, strict=True)), strict=True))
    mine = times.pop("ours")
    others = ", ".join(f"{name} {count / seconds:.2f} ({seconds / mine:.2f})" for name, seconds in times.items())
    print(f"{backbone} at {side} px: ours {count / mine:.2f}; {others}", flush=True)
    return [*_judged(backbone, side, mine, times)]


def _judged(backbone: str, side: int, mine: float, times: dict[str, float]) -> Sequence[Figure]:
    name = f"{backbone} at {side} px"
    figures = [
        Figure(name=f"{name}, beside the bare network", seconds=mine, target=times["bare"] / OF_THE_BARE, peers=times)
    ]
    if backbone in OF_THE_LOOP:
        target = times["original's loop"] / OF_THE_LOOP[backbone]
        figures.append(Figure(name=f"{name}, beside the original's loop", seconds=mine, target=target, peers=times))
    return figures


def _photographs(folder: Path, count: int) -> list[Any]:
    from landmarks.dataset import Photo

    scenes = [getattr(skimage.data, name)() for name in ("astronaut", "coffee", "chelsea")]
    photos = [Photo(f"{number:04x}", folder / f"{number:04x}.jpg") for number in range(count)]
    for number, photo in enumerate(photos):
        turned = np.rot90(scenes[number % 3], number // 3 % 4)
        cv2.imwrite(str(photo.path), cv2.resize(turned[..., ::-1], (800, 600)))
    return photos


def _onnx(folder: Path, compiled: Any, signature: Sequence[Any]) -> Callable[[NDArray[np.float32]], Any]:
    packages = folder / "packages"
    if not packages.exists():
        uv = Path(sys.executable).with_name("uv")
        wanted = ("onnxruntime", "onnx==1.17.0", "tf2onnx")  # a later onnx needs another protobuf than TensorFlow
        subprocess.run([uv, "pip", "install", "--quiet", "--no-deps", "--target", packages, *wanted], check=True)
        sys.path.append(str(packages))
    import onnxruntime
    import tf2onnx

    file = folder / "network.onnx"
    tf2onnx.convert.from_function(compiled, input_signature=signature, opset=17, output_path=str(file))
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    (entry,) = session.get_inputs()
    return lambda batch: session.run(None, {entry.name: batch})[0]


if __name__ == "__main__":
    main()
