"""What of a call's arguments makes it get something from the network: each returns that in words, or nothing."""

import ast
import re
from collections.abc import Callable

from kernelwright.check.code.call import Asked, is_folder, is_remote, shown
from kernelwright.check.code.created_paths import first_part
from kernelwright.check.code.evaluate import spelling

_WEIGHTS = {"imagenet", "noisy-student", "imagenet21k", "imagenet21k-ft1k", "IMAGENET1K_V1", "IMAGENET1K_V2", "DEFAULT"}
_KEYS = ("weights", "encoder_weights", "weights_backbone", "backbone_weights", "pretrained")
_BUILDERS = {"csv", "json", "parquet", "text", "arrow", "pandas", "xml", "imagefolder", "audiofolder", "webdataset"}
_HOLDING = re.compile(
    r"(.*\.)?(dict|field|update|setdefault|replace|train|list_models|SimpleNamespace|EasyDict|Munch|\w*Dict"
    r"|\w*(Config|Settings|Options|Params|Parameters|Args|Arguments|CFG|Cfg|Namespace))"
)


def _holds(asked: Asked, *keys: str) -> bool:
    """Tell whether a call only keeps values, as a configuration does, or the project's own that hands none on."""
    own = asked.is_own and not asked.scope.everywhere.handed.intersection(keys)
    return own or bool(_HOLDING.fullmatch(asked.name)) or asked.last in asked.scope.everywhere.records


def _known_weights(value: ast.expr | None, asked: Asked) -> str:
    """Return weights that are fetched as they are written, empty for a file, None and what is not known."""
    text = asked.scope.text(value)
    if text in _WEIGHTS:
        return f'"{text}"'
    spelt = spelling(value) if value is not None else ""
    return spelt if re.fullmatch(r"(.*\.)?\w+_Weights\.\w+", spelt) else ""


def _is_here(name: str, asked: Asked) -> bool:
    """Tell whether a name can only be a path here, or begins with a folder that the code makes."""
    return is_folder(name) or first_part(name) in asked.scope.made


def weights(asked: Asked) -> str:
    """Judge weights that are fetched by their name, whatever the model is."""
    if _holds(asked, *_KEYS):
        return ""
    told = ((key, _known_weights(asked.value(None, key), asked)) for key in _KEYS)
    return next((f"{key}={known}" for key, known in told if known), "")


def pretrained(asked: Asked) -> str:
    """Judge ``pretrained=True``, unless a file is named for it."""
    local = asked.value(None, "pretrained_cfg_overlay", "pretrained_cfg")
    return (
        "pretrained=True" if asked.is_true(None, "pretrained") and not local and not _holds(asked, "pretrained") else ""
    )


def download(asked: Asked) -> str:
    """Judge ``download=True``, as data sets of torchvision take it."""
    return "download=True" if asked.is_true(None, "download") and not _holds(asked, "download") else ""


def keras_model(asked: Asked) -> str:
    """Judge a model of Keras's: its weights are the second argument, and those of ImageNet where it is left out."""
    weights = asked.value(1, "weights")
    if weights is None and not asked.is_open:
        given = next(filter(None, (_known_weights(one, asked) for one in asked.node.args)), "")
        return f"{asked.last}({given})" if given else f'{asked.last}() without weights, which are then "imagenet",'
    known = _known_weights(weights, asked)
    return f"weights={known}" if known else ""


def segmentation(asked: Asked) -> str:
    """Judge a network whose encoder is of ImageNet where its weights are left out."""
    left_out = asked.value(2, "encoder_weights") is None and not asked.is_open
    return f'{asked.last}() without encoder_weights, which are then "imagenet",' if left_out else ""


def second_true(asked: Asked) -> str:
    """Judge ``create_model(name, True)``."""
    return "pretrained=True" if asked.is_true(1) else ""


def first_true(asked: Asked) -> str:
    """Judge ``resnet50(True)``, as torchvision had it."""
    return "pretrained=True" if asked.is_true(0) else ""


def on_hub(asked: Asked) -> str:
    """Judge ``create_model("hf_hub:owner/model")``, whose configuration is fetched whatever its weights are."""
    name = asked.text(0, "model_name")
    return f'create_model("{name}")' if name.startswith(("hf_hub:", "hf-hub:")) else ""


def backbone(asked: Asked) -> str:
    """Judge a detector or a segmenter of torchvision, whose backbone is of ImageNet where nothing else is said."""
    keys = ("weights", "weights_backbone", "pretrained_backbone")
    said = [key for key in keys if (value := asked.value(None, key)) and not (key == "weights" and _is_none(value))]
    left_out = not said and not asked.is_open
    return f'{asked.last}() without weights_backbone=None, which is then of "imagenet",' if left_out else ""


def _is_none(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is None


def weights_file(asked: Asked) -> str:
    """Judge the bare name of a file of weights, which is fetched where it is not there."""
    name = asked.text(0, "model") if asked.node.args or asked.node.keywords else ""
    return f'{asked.last}("{name}")' if re.fullmatch(r"[\w.-]+\.pt", name) and not _is_here(name, asked) else ""


def adapter(asked: Asked) -> str:
    """Judge an adapter, whose name follows its model."""
    name = asked.text(1, "model_id")
    here = asked.is_true(None, "local_files_only") or _is_here(name, asked)
    return "" if here else f'{asked.last}("{name}")'


def logger(asked: Asked) -> str:
    """Judge a logger of runs that goes by the service's name."""
    off = asked.is_true(None, "offline") or asked.text(None, "mode") in {"offline", "disabled"}
    return "" if off or asked.is_open or "wandb" in asked.scope.everywhere.silenced else f"{asked.last}()"


def learner(asked: Asked) -> str:
    """Judge a learner of fastai, which is pretrained where nothing is said."""
    given = asked.value(None, "pretrained")
    return f"{asked.last}() without pretrained=False" if given is None and not asked.is_open else ""


def weights_of_name(asked: Asked) -> str:
    """Judge a model whose weights are chosen by a name, or by a path."""
    name = asked.text(1, "pretrained")
    return "" if _is_here(name, asked) else f'pretrained="{name}"'


def reader(asked: Asked) -> str:
    """Judge a reader of text in images, which fetches its models unless it is told where they are."""
    here = asked.value(None, "model_storage_directory") or asked.is_false("download_enabled")
    return "" if here or asked.is_open else f"{asked.name}()"


def from_hub(asked: Asked) -> str:
    """Tell ``X.from_pretrained("owner/model")`` from one that names a folder."""
    name = asked.text(0, "pretrained_model_name_or_path", "model_name", "repo_id", "preset")
    here = asked.is_true(None, "local_files_only") or asked.value(None, "weights_path") or _is_cached(asked)
    return "" if here or _is_here(name, asked) else f'{asked.last}("{name}")'


def _is_cached(asked: Asked) -> bool:
    """Tell whether a cache is named that may be an attached source."""
    value, text = asked.value(None, "cache_dir", "cache_folder"), asked.text(None, "cache_dir", "cache_folder")
    return value is not None and not _is_none(value) and (not text or "input/" in text)


def named(asked: Asked) -> str:
    """Judge what is fetched by a name that is no path."""
    name = asked.text(0, "model_name_or_path", "model_name", "model", "name", "path")
    here = asked.is_true(None, "local_files_only") or _is_cached(asked)
    return "" if here or _is_here(name, asked) else f'{asked.name}() of "{name}"'


def pipeline(asked: Asked) -> str:
    """Judge a pipeline, which fetches a model of its own where none is given."""
    model = asked.value(1, "model")
    if model is None:
        return "" if asked.is_open else "transformers.pipeline() of its default model"
    name = asked.scope.text(model)
    return "" if _is_here(name, asked) else f'transformers.pipeline() of "{name}"'


def dataset(asked: Asked) -> str:
    """Judge a data set by its name; a builder's name reads files that are given."""
    name = asked.text(0, "path")
    if name in _BUILDERS:
        return address(asked)
    return "" if _is_here(name, asked) else f'datasets.load_dataset() of "{name}"'


def address(asked: Asked) -> str:
    """Judge what reads a file here, or an address."""
    found = next(filter(is_remote, asked.texts()), "")
    return f"{asked.name.lstrip('.')}() of {shown(found)}" if found else ""


def logging(asked: Asked) -> str:
    """Judge a service that records runs, unless it is told to stay offline."""
    mode = asked.value(None, "mode")
    unknown = mode is not None and not asked.scope.text(mode)
    off = asked.text(None, "mode") in {"offline", "disabled", "debug"} or asked.is_true(None, "offline")
    return "" if unknown or off or asked.is_open or _is_switched_off(asked) else f"{asked.name}()"


def _is_switched_off(asked: Asked) -> bool:
    return asked.name.partition(".")[0].removesuffix("_ml") in asked.scope.everywhere.silenced


def unless_false(keyword: str) -> Callable[[Asked], str]:
    """Judge what fetches unless a keyword says not to."""
    return lambda asked: "" if asked.is_false(keyword) else f"{asked.name}()"


def hub_load(asked: Asked) -> str:
    """Judge ``torch.hub.load``, which may read a folder."""
    return "" if asked.text(None, "source") == "local" else f"{asked.name}()"
