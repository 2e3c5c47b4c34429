"""Calls that get something from the network: names, and what of the arguments makes them do so."""

import re
from collections.abc import Callable

from kernelwright.check.code import download_rules as rules
from kernelwright.check.code import subprocess_calls
from kernelwright.check.code.call import Asked

_KERAS = r"(tensorflow\.|tensorflow\.python\.)?(tf_)?keras\.(api\.|src\.)?"
_HUB = r"(huggingface_hub|hf_hub)\."
_ALWAYS = (
    r"requests\.(get|post|put|patch|delete|head|options|request|[sS]ession)",
    r"httpx\.(get|post|put|patch|delete|head|options|request|stream|(Async)?Client)",
    r"aiohttp\.(ClientSession|request)",
    r"urllib3\.(request|PoolManager|ProxyManager|HTTPS?ConnectionPool|connection_from_url)",
    r"urllib\.request\.(urlopen|urlretrieve|build_opener)",
    r"socket\.create_connection|socket\.socket\(\)\.connect",
    r"http\.client\.HTTPS?Connection|ftplib\.FTP(_TLS)?|smtplib\.SMTP(_SSL)?",
    r"paramiko\.SSHClient|(boto3|botocore\.session)\.(client|resource|Session)|s3fs\.S3FileSystem|gcsfs\.GCSFileSystem",
    r"google\.cloud\.\w+\.Client",
    r"kagglehub\.(\w+_(download|upload)|load_dataset|dataset_load|login|notebook_login)",
    r"kaggle\.api\.\w+|kaggle\.(api\.kaggle_api_extended\.)?KaggleApi",
    r"gdown\.(download|download_folder|cached_download)|wget\.download|pooch\.(retrieve|create)",
    rf"{_HUB}(hf_hub_download|cached_download|snapshot_download|(upload|create|list)_\w+|(model|dataset)_info)",
    r".*\.(push_to_hub\w*|upload_preset)",
    rf"{_HUB}(login|notebook_login|HfApi|InferenceClient|HfFileSystem|Repository)",
    r"torch\.hub\.(load_state_dict_from_url|download_url_to_file)|torch\.utils\.model_zoo\.load_url",
    r"torchvision\.datasets\.utils\.download_\w+",
    r"nltk\.(downloader\.)?download|spacy\.cli\.download|gensim\.downloader\.load|seaborn\.load_dataset",
    r"librosa\.(util\.)?ex(ample)?|torchaudio\.pipelines\.\w+\.get_model|(openai|anthropic)\.(Async)?(OpenAI|Anthropic)",
    r"stanza\.download|tiktoken\.(get_encoding|encoding_for_model)|openml\.\w+\.get_\w+|yfinance\.(download|Ticker)",
    r"fastai\.(\w+\.)*untar_data|scipy\.datasets\.(face|ascent|electrocardiogram)",
    rf"{_KERAS}utils\.get_file|{_KERAS}datasets\.\w+\.load_data|{_KERAS}applications\.(\w+\.)?decode_predictions",
)
ALWAYS = re.compile("|".join(_ALWAYS))
"""What gets something whatever it is given, but an address of this machine."""

_READERS = r"(.*\.)?((read|scan)_\w+|imread|genfromtxt|loadtxt|TFRecordDataset|GFile)|numpy\.DataSource\(\)\.open"
_NETS = r"(Unet(PlusPlus|3Plus)?|MAnet|Linknet|FPN|PSPNet|PAN|DeepLabV3(Plus)?|UPerNet|Segformer|DPT)"
Rules = tuple[tuple[str, Callable[[Asked], str]], ...]
CACHED: Rules = (
    (rf"{_KERAS}applications\.(\w+\.)?[A-Z]\w+", rules.keras_model),
    (
        r"efficientnet(_v2)?\.(\w+\.)?EfficientNet\w+|classification_models\.(\w+\.)*[A-Z]\w+",
        rules.keras_model,
    ),
    (rf"segmentation_models(_pytorch)?\.(\w+\.)*({_NETS}|create_model)", rules.segmentation),
    (r"timm\.(models\.)?create_model", rules.second_true),
    (r"timm\.(models\.)?create_model", rules.on_hub),
    (
        r"torchvision\.models\.(detection|segmentation)\.(\w+\.)*[a-z]\w*_(resnet|mobilenet|vgg)\w+",
        rules.backbone,
    ),
    (r"torchvision\.models\.detection\.(\w+\.)*ssd\w*_\w+", rules.backbone),
    (r"peft\.(\w+\.)*\w*PeftModel\w*\.from_pretrained", rules.adapter),
    (r"vllm\.(\w+\.)*LLM|evaluate\.load", rules.named),
    (r"torchvision\.models\.(\w+\.)*[a-z]\w+", rules.first_true),
    (r"fastai\.(\w+\.)*(vision_learner|cnn_learner|unet_learner|create_cnn_model)", rules.learner),
    (r".*", rules.weights),
    (r".*", rules.pretrained),
    (r"torch\.hub\.load", rules.hub_load),
    (r".*\.(from_pretrained|from_preset|from_pretrained_keras)", rules.from_hub),
    (r"transformers\.(pipelines\.)?pipeline", rules.pipeline),
    (r"sentence_transformers\.(\w+\.)?(SentenceTransformer|CrossEncoder|SparseEncoder)", rules.named),
    (r"open_clip\.create_\w+", rules.weights_of_name),
)
"""What a library looks for in its cache first."""

RULES: Rules = (
    (r"ultralytics\.(\w+\.)*(YOLO|RTDETR|SAM|FastSAM|NAS|YOLOWorld)", rules.weights_file),
    (r"(pytorch_lightning|lightning)\.(\w+\.)*WandbLogger", rules.logger),
    (r".*", rules.download),
    (r"datasets\.load_dataset(_builder)?", rules.dataset),
    (r"(open_)?whisper\.load_model|faster_whisper\.WhisperModel|clip\.load", rules.named),
    (r"easyocr\.Reader", rules.reader),
    (r"tensorflow_hub\.(load|resolve|KerasLayer|Module)", rules.address),
    (r"tensorflow_datasets\.load", rules.unless_false("download")),
    (r"sklearn\.datasets\.fetch_\w+", rules.unless_false("download_if_missing")),
    (r"(wandb|neptune|comet_ml)\.(new\.)?(init|login|init_run|Experiment)", rules.logging),
    (_READERS, rules.address),
    (r"(fsspec|smart_open)\.open|xarray\.open_\w+|cv2\.VideoCapture|mlflow\.set_tracking_uri", rules.address),
    (rf"{_KERAS}(models|saving)\.load_\w+", rules.address),
    (subprocess_calls.PROGRAMS, subprocess_calls.needs),
)
