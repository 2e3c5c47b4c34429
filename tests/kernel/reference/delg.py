"""DELG as its users call it: tensors by name, one image at a time."""

import numpy as np
import tensorflow as tf

SCALES = np.array([0.70710677, 1.0, 2.0], np.float32)


class Reference:
    def __init__(self, folder):
        self.network = tf.saved_model.load(str(folder))
        asked = ["input_image:0", "input_scales:0", "input_abs_thres:0"]
        self.whole = self.network.prune(asked, "global_descriptors:0")
        self.details = self.network.prune([*asked, "input_max_feature_num:0"], ["boxes:0", "features:0"])

    def describe(self, rgb):
        per_scale = self.whole(tf.constant(rgb), tf.constant(SCALES), tf.constant(375.0)).numpy()
        total = per_scale.sum(axis=0)
        return total / np.linalg.norm(total)

    def features(self, rgb):
        factor = np.float32(2**0.6)
        height, width = (int(factor * np.float32(side)) for side in rgb.shape[:2])
        larger = tf.image.resize(rgb, (height, width)).numpy().astype(np.uint8)
        boxes, raw = self.details(tf.constant(larger), tf.constant(SCALES), tf.constant(375.0), tf.constant(1000))
        top, left, bottom, right = boxes.numpy().T
        raw = raw.numpy()
        lengths = np.linalg.norm(raw, axis=1, keepdims=True)
        return np.stack([(top + bottom) / 2, (left + right) / 2], axis=1), raw / np.maximum(lengths, 1e-6)
