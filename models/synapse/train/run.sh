#!/bin/sh
# Makes the embedded model from nothing: corpus, vocabulary, rows, training, files. Started again, it goes on where it was.
#   models/synapse/train/run.sh [FOLDER] [OPTIONS OF train.py, such as --tokens 35e6]
# To go on from a file that was trained before, with its vocabulary and smaller steps:
#   START=models/synapse/synapse.gguf models/synapse/train/run.sh FOLDER --muon 0.012 --adam 0.0036
set -eu
cd "$(dirname "$0")/../../.."
folder=${1:-models/synapse/train/work}
[ $# -gt 0 ] && shift
# Debian's python3-torch belongs to /usr/bin/python3, whatever else is called python3.
python=${PYTHON:-/usr/bin/python3}
# 24 shards of 4096 rows of 256 tokens: 25 million places. TRAIN_SHARDS=2 for a trial.
last=$((${TRAIN_SHARDS:-24} - 1))
half=$((last / 2))

npm run -s build
if [ -n "${START:-}" ]; then
  mkdir -p "$folder"
  "$python" models/synapse/train/start.py "$START" "$folder/vocabulary.json"
  # What it starts from may be the file that is written at the end.
  [ -f "$folder/start.gguf" ] || cp "$START" "$folder/start.gguf"
  set -- --start "$folder/start.gguf" "$@"
fi
prepare=dist/models/synapse/train/prepare.js
node $prepare "$folder" 0 0 test 512
node $prepare "$folder" 0 "$half" train &
if [ "$last" -gt "$half" ]; then node $prepare "$folder" $((half + 1)) "$last" train; fi
wait $!

# Large blocks stay with the process: without this every step asks the system for its memory anew, and takes twice as long.
export MALLOC_MMAP_THRESHOLD_=10000000000 MALLOC_TRIM_THRESHOLD_=10000000000 MALLOC_TOP_PAD_=200000000
"$python" models/synapse/train/train.py "$folder" "$@"

gguf=dist/models/synapse/train/gguf.js
for type in F16 Q8_0; do
  node $gguf "$folder/synapse.safetensors" "$folder/vocabulary.json" "$folder/synapse-$type.gguf" $type
done
node $gguf "$folder/synapse-F16.gguf" --onnx "$folder/onnx"
cp "$folder/synapse-Q8_0.gguf" models/synapse/synapse.gguf
node dist/models/synapse/eval/card.js models/synapse/synapse.gguf 500 "$folder/log.jsonl"
