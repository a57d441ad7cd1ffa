#!/usr/bin/env bash
# Fetch PASCAL VOC 2007 and 2012 (2.9 GB) into a folder, and make Darknet's labels and lists there.
#
#     scripts/get_voc.sh [FOLDER]        the folder is voc unless said otherwise
#
# A download that was cut off goes on where it stopped. PYTHON names the interpreter (python3).
set -euo pipefail

case "${1:-}" in
-h | --help)
    sed -n '2,6s/^# \{0,1\}//p' "$0"
    exit 0
    ;;
esac

original="http://host.robots.ox.ac.uk/pascal/VOC"
mirror="https://data.pjreddie.com/files"
python="${PYTHON:-python3}"
scripts="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
folder="${1:-voc}"
mkdir -p "$folder"
cd "$folder"

bytes_of() { # the size of a file; 0 where there is none
    if [ -f "$1" ]; then wc -c <"$1" | tr -d ' '; else echo 0; fi
}

whole() { # whether a file is the one of that sum
    "$python" -c 'import hashlib, sys
with open(sys.argv[1], "rb") as file:
    found = hashlib.md5()
    while part := file.read(1 << 20):
        found.update(part)
sys.exit(found.hexdigest() != sys.argv[2])' "$1" "$2"
}

fetch() { # a file, its year, its size and its MD5: from the original host, else from the mirror
    local file="$1" year="$2" size="$3" sum="$4" address
    for address in "$original/voc$year/$file" "$mirror/$file"; do
        [ "$(bytes_of "$file")" -ge "$size" ] && break
        echo "fetching $address"
        curl --fail --location --retry 3 --continue-at - --output "$file" "$address" || true
    done
    if [ "$(bytes_of "$file")" -lt "$size" ]; then
        echo "$file has $(bytes_of "$file") bytes: expected $size; run this again to go on" >&2
        exit 1
    fi
    whole "$file" "$sum" && return
    rm "$file"
    echo "$file was damaged and is removed: run this again to fetch it anew" >&2
    exit 1
}

unpack() { # a file and one that it holds
    [ -f "$2" ] && return
    echo "unpacking $1"
    tar -xf "$1"
}

fetch VOCtrainval_06-Nov-2007.tar 2007 460032000 c52e279531787c972589f7e41ab4ae64
fetch VOCtest_06-Nov-2007.tar 2007 451020800 b6e924de25625d8de591ea690078ad9f
fetch VOCtrainval_11-May-2012.tar 2012 1999639040 6cd6e144f989b92b3379bac3b3de84fd
unpack VOCtrainval_06-Nov-2007.tar VOCdevkit/VOC2007/ImageSets/Main/train.txt
unpack VOCtest_06-Nov-2007.tar VOCdevkit/VOC2007/ImageSets/Main/test.txt
unpack VOCtrainval_11-May-2012.tar VOCdevkit/VOC2012/ImageSets/Main/train.txt
"$python" "$scripts/voc_label.py"
echo "name $(pwd)/train.txt and $(pwd)/2007_test.txt in cfg/voc.data, as train and valid"
