"""Calls that get something from the network: a table of names, and what of the arguments makes them do so."""

import ast
import re
from collections.abc import Callable

from kernelwright.preflight import commands
from kernelwright.preflight.asked import Asked, is_folder, is_remote, shown
from kernelwright.preflight.scope import spelling

_KERAS = r"(tensorflow\.|tensorflow\.python\.)?(tf_)?keras\.(api\.|src\.)?"
ALWAYS = re.compile(
    r"requests\.(get|post|put|patch|delete|head|options|request|[sS]ession)"
    r"|httpx\.(get|post|put|patch|delete|head|options|request|stream|(Async)?Client)"
    r"|aiohttp\.(ClientSession|request)"
    r"|urllib3\.(request|PoolManager|ProxyManager|HTTPS?ConnectionPool|connection_from_url)"
    r"|urllib\.request\.(urlopen|urlretrieve|build_opener)"
    r"|socket\.create_connection|http\.client\.HTTPS?Connection|ftplib\.FTP(_TLS)?|smtplib\.SMTP(_SSL)?"
    r"|paramiko\.SSHClient|(boto3|botocore\.session)\.(client|resource|Session)|s3fs\.S3FileSystem|gcsfs\.GCSFileSystem"
    r"|google\.cloud\.\w+\.Client"
    r"|kagglehub\.(\w+_(download|upload)|load_dataset|dataset_load|login|notebook_login)"
    r"|kaggle\.api\.\w+|kaggle\.(api\.kaggle_api_extended\.)?KaggleApi"
    r"|gdown\.(download|download_folder|cached_download)|wget\.download|pooch\.(retrieve|create)"
    r"|(huggingface_hub|hf_hub)\.(hf_hub_download|cached_download|snapshot_download|login|notebook_login|HfApi"
    r"|InferenceClient|HfFileSystem|Repository|upload_\w+|create_\w+|list_\w+|model_info|dataset_info|push_to_hub\w*)"
    r"|torch\.hub\.(load_state_dict_from_url|download_url_to_file)|torch\.utils\.model_zoo\.load_url"
    r"|torchvision\.datasets\.utils\.download_\w+"
    r"|nltk\.(downloader\.)?download|spacy\.cli\.download|gensim\.downloader\.load|seaborn\.load_dataset"
    r"|stanza\.download|tiktoken\.(get_encoding|encoding_for_model)|openml\.\w+\.get_\w+|yfinance\.download"
    r"|fastai\.(\w+\.)*untar_data|scipy\.datasets\.(face|ascent|electrocardiogram)"
    rf"|{_KERAS}utils\.get_file|{_KERAS}datasets\.\w+\.load_data|{_KERAS}applications\.(\w+\.)?decode_predictions"
)
_WEIGHTS = {"imagenet", "noisy-student", "imagenet21k", "imagenet21k-ft1k", "IMAGENET1K_V1", "IMAGENET1K_V2", "DEFAULT"}
_WEIGHTS |= {"ssl", "swsl", "advprop"}
_KEYS = ("weights", "encoder_weights", "weights_backbone", "backbone_weights")
_BUILDERS = {"csv", "json", "parquet", "text", "arrow", "pandas", "xml", "imagefolder", "audiofolder", "webdataset"}
_HOLDING = re.compile(
    r"(.*\.)?(dict|field|update|setdefault|replace|SimpleNamespace|EasyDict|Munch|\w*Dict"
    r"|\w*(Config|Settings|Options|Params|Parameters|Args|Arguments|CFG|Cfg|Namespace))"
)


def _holds(asked: Asked) -> bool:
    """Tell whether a call only keeps values, as a configuration does."""
    return bool(_HOLDING.fullmatch(asked.name)) or asked.last in asked.scope.records


def _known_weights(value: ast.expr | None, asked: Asked) -> str:
    """Return weights that are fetched as they are written, empty for a file, None and what is not known."""
    text = asked.scope.text(value)
    if text in _WEIGHTS:
        return f'"{text}"'
    spelt = spelling(value) if value is not None else ""
    return spelt if re.fullmatch(r"(.*\.)?\w+_Weights\.\w+", spelt) else ""


def _weights(asked: Asked) -> str:
    if _holds(asked):
        return ""
    told = ((key, _known_weights(asked.value(None, key), asked)) for key in _KEYS)
    return next((f"{key}={known}" for key, known in told if known), "")


def _pretrained(asked: Asked) -> str:
    local = asked.value(None, "pretrained_cfg_overlay", "pretrained_cfg")
    return "pretrained=True" if asked.is_true(None, "pretrained") and not local and not _holds(asked) else ""


def _download(asked: Asked) -> str:
    return "download=True" if asked.is_true(None, "download") and not _holds(asked) else ""


def _keras_model(asked: Asked) -> str:
    """Judge a model of Keras's: its weights are the second argument, and those of ImageNet where it is left out."""
    weights = asked.value(1, "weights")
    if weights is None and not asked.is_open:
        given = next(filter(None, (_known_weights(one, asked) for one in asked.node.args)), "")
        return f"{asked.last}({given})" if given else f'{asked.last}() without weights, which are then "imagenet",'
    known = _known_weights(weights, asked)
    return f"weights={known}" if known else ""


def _segmentation(asked: Asked) -> str:
    left_out = asked.value(1, "encoder_weights") is None and not asked.is_open
    return f'{asked.last}() without encoder_weights, which are then "imagenet",' if left_out else ""


def _second_true(asked: Asked) -> str:
    return "pretrained=True" if asked.is_true(1) else ""


def _first_true(asked: Asked) -> str:
    return "pretrained=True" if asked.is_true(0) else ""


def _learner(asked: Asked) -> str:
    given = asked.value(None, "pretrained")
    return f"{asked.last}() without pretrained=False" if given is None and not asked.is_open else ""


def _from_hub(asked: Asked) -> str:
    """Tell ``X.from_pretrained("owner/model")`` from one that names a folder."""
    name = asked.text(0, "pretrained_model_name_or_path", "model_name", "repo_id", "preset")
    here = asked.is_true(None, "local_files_only") or asked.value(None, "weights_path")
    return "" if here or is_folder(name) else f'{asked.last}("{name}")'


def _named(asked: Asked) -> str:
    name = asked.text(0, "model_name_or_path", "model_name", "name", "path")
    return "" if is_folder(name) or asked.is_true(None, "local_files_only") else f'{asked.name}() of "{name}"'


def _pipeline(asked: Asked) -> str:
    model = asked.value(1, "model")
    if model is None:
        return "" if asked.is_open else "transformers.pipeline() of its default model"
    name = asked.scope.text(model)
    return "" if is_folder(name) else f'transformers.pipeline() of "{name}"'


def _dataset(asked: Asked) -> str:
    name = asked.text(0, "path")
    if name in _BUILDERS:
        return _address(asked)
    return "" if is_folder(name) else f'datasets.load_dataset() of "{name}"'


def _address(asked: Asked) -> str:
    found = next(filter(is_remote, asked.texts()), "")
    return f"{asked.name.lstrip('.')}() of {shown(found)}" if found else ""


def _logging(asked: Asked) -> str:
    mode = asked.value(None, "mode")
    unknown = mode is not None and not asked.scope.text(mode)
    off = asked.text(None, "mode") in {"offline", "disabled", "debug"} or asked.is_true(None, "offline")
    return "" if unknown or off or asked.is_open or _is_switched_off(asked) else f"{asked.name}()"


def _is_switched_off(asked: Asked) -> bool:
    return asked.name.partition(".")[0].removesuffix("_ml") in asked.scope.silenced


def _unless_false(keyword: str) -> Callable[[Asked], str]:
    return lambda asked: "" if asked.is_false(keyword) else f"{asked.name}()"


def _hub_load(asked: Asked) -> str:
    return "" if asked.text(None, "source") == "local" else f"{asked.name}()"


_NETS = r"(Unet(PlusPlus|3Plus)?|MAnet|Linknet|FPN|PSPNet|PAN|DeepLabV3(Plus)?|UPerNet|Segformer|DPT)"
RULES: tuple[tuple[str, Callable[[Asked], str]], ...] = (
    (rf"{_KERAS}applications\.(\w+\.)?[A-Z]\w+", _keras_model),
    (r"efficientnet(_v2)?\.(\w+\.)?EfficientNet\w+|classification_models\.(\w+\.)*[A-Z]\w+", _keras_model),
    (rf"segmentation_models(_pytorch)?\.(\w+\.)*{_NETS}", _segmentation),
    (r"timm\.(models\.)?create_model", _second_true),
    (r"torchvision\.models\.(\w+\.)*[a-z]\w+", _first_true),
    (r"fastai\.(\w+\.)*(vision_learner|cnn_learner|unet_learner|create_cnn_model)", _learner),
    (r".*", _weights),
    (r".*", _pretrained),
    (r".*", _download),
    (r"torch\.hub\.load", _hub_load),
    (r".*\.(from_pretrained|from_preset|from_pretrained_keras)", _from_hub),
    (r"transformers\.(pipelines\.)?pipeline", _pipeline),
    (r"datasets\.load_dataset(_builder)?", _dataset),
    (r"sentence_transformers\.(\w+\.)?(SentenceTransformer|CrossEncoder|SparseEncoder)", _named),
    (r"(open_)?whisper\.load_model|faster_whisper\.WhisperModel|clip\.load", _named),
    (r"tensorflow_hub\.(load|resolve|KerasLayer|Module)", _address),
    (r"tensorflow_datasets\.load", _unless_false("download")),
    (r"sklearn\.datasets\.fetch_\w+", _unless_false("download_if_missing")),
    (r"(wandb|neptune|comet_ml)\.(new\.)?(init|login|init_run|Experiment)", _logging),
    (r"(.*\.)?((read|scan)_\w+|imread|genfromtxt|loadtxt|TFRecordDataset|GFile)|numpy\.DataSource\(\)\.open", _address),
    (
        r"mlflow\.set_tracking_uri|(fsspec|smart_open|xarray|gzip|cv2)\.\w+|(tensorflow\.)?keras\.(models|saving)\.load_\w+",
        _address,
    ),
    (commands.PROGRAMS, commands.needs),
)
