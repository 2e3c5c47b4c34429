"""Calls that get something from the network: names, and what of the arguments makes them do so."""

import re
from collections.abc import Callable

from kernelwright.preflight import commands, conditions
from kernelwright.preflight.asked import Asked

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
    (rf"{_KERAS}applications\.(\w+\.)?[A-Z]\w+", conditions.keras_model),
    (r"efficientnet(_v2)?\.(\w+\.)?EfficientNet\w+|classification_models\.(\w+\.)*[A-Z]\w+", conditions.keras_model),
    (rf"segmentation_models(_pytorch)?\.(\w+\.)*({_NETS}|create_model)", conditions.segmentation),
    (r"timm\.(models\.)?create_model", conditions.second_true),
    (r"timm\.(models\.)?create_model", conditions.on_hub),
    (r"torchvision\.models\.(detection|segmentation)\.(\w+\.)*[a-z]\w*_(resnet|mobilenet|vgg)\w+", conditions.backbone),
    (r"torchvision\.models\.detection\.(\w+\.)*ssd\w*_\w+", conditions.backbone),
    (r"peft\.(\w+\.)*\w*PeftModel\w*\.from_pretrained", conditions.adapter),
    (r"vllm\.(\w+\.)*LLM|evaluate\.load", conditions.named),
    (r"torchvision\.models\.(\w+\.)*[a-z]\w+", conditions.first_true),
    (r"fastai\.(\w+\.)*(vision_learner|cnn_learner|unet_learner|create_cnn_model)", conditions.learner),
    (r".*", conditions.weights),
    (r".*", conditions.pretrained),
    (r"torch\.hub\.load", conditions.hub_load),
    (r".*\.(from_pretrained|from_preset|from_pretrained_keras)", conditions.from_hub),
    (r"transformers\.(pipelines\.)?pipeline", conditions.pipeline),
    (r"sentence_transformers\.(\w+\.)?(SentenceTransformer|CrossEncoder|SparseEncoder)", conditions.named),
    (r"open_clip\.create_\w+", conditions.weights_of_name),
)
"""What a library looks for in its cache first."""

RULES: Rules = (
    (r"ultralytics\.(\w+\.)*(YOLO|RTDETR|SAM|FastSAM|NAS|YOLOWorld)", conditions.weights_file),
    (r"(pytorch_lightning|lightning)\.(\w+\.)*WandbLogger", conditions.logger),
    (r".*", conditions.download),
    (r"datasets\.load_dataset(_builder)?", conditions.dataset),
    (r"(open_)?whisper\.load_model|faster_whisper\.WhisperModel|clip\.load", conditions.named),
    (r"easyocr\.Reader", conditions.reader),
    (r"tensorflow_hub\.(load|resolve|KerasLayer|Module)", conditions.address),
    (r"tensorflow_datasets\.load", conditions.unless_false("download")),
    (r"sklearn\.datasets\.fetch_\w+", conditions.unless_false("download_if_missing")),
    (r"(wandb|neptune|comet_ml)\.(new\.)?(init|login|init_run|Experiment)", conditions.logging),
    (_READERS, conditions.address),
    (r"(fsspec|smart_open)\.open|xarray\.open_\w+|cv2\.VideoCapture|mlflow\.set_tracking_uri", conditions.address),
    (rf"{_KERAS}(models|saving)\.load_\w+", conditions.address),
    (commands.PROGRAMS, commands.needs),
)
