#!/usr/bin/env bash
# Download PASCAL VOC 2007 and 2012 (2.9 GB) to a folder, and write Darknet's labels and lists there.
#
#     scripts/get_voc.sh [FOLDER]        the folder is voc by default
#
# An interrupted download continues where it stopped. PYTHON names the interpreter (python3).
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

bytes_of() { # print the size of a file, or 0 if it does not exist
    if [ -f "$1" ]; then wc -c <"$1" | tr -d ' '; else echo 0; fi
}

is_whole() { # succeed if a file has this MD5 sum
    "$python" -c 'import hashlib, sys
with open(sys.argv[1], "rb") as file:
    md5 = hashlib.md5()
    while part := file.read(1 << 20):
        md5.update(part)
sys.exit(md5.hexdigest() != sys.argv[2])' "$1" "$2"
}

fetch() { # download a file, given its year, size and MD5 sum, from the original host or else the mirror
    local file="$1" year="$2" size="$3" sum="$4" address
    for address in "$original/voc$year/$file" "$mirror/$file"; do
        [ "$(bytes_of "$file")" -ge "$size" ] && break
        echo "fetching $address"
        curl --fail --location --retry 3 --continue-at - --output "$file" "$address" || true
    done
    if [ "$(bytes_of "$file")" -lt "$size" ]; then
        echo "$file has $(bytes_of "$file") bytes: expected $size; run this again to continue" >&2
        exit 1
    fi
    is_whole "$file" "$sum" && return
    rm "$file"
    echo "$file was damaged and is removed: run this again to download it again" >&2
    exit 1
}

unpack() { # unpack a file, unless this file of its content exists
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
echo "now set train=$(pwd)/train.txt and valid=$(pwd)/2007_test.txt in cfg/voc.data"
