#!/usr/bin/env bash
# Other people's programs as judges of a running Countersign.
#
#   interop/run.sh PATH/TO/countersign [SUITE...]
#
# Starts the program itself, on free ports, and ends it. Every suite whose tools are present is run; a missing tool
# is a skip with a name. The last line is `interop: N passed, N failed, N skipped`; exit code 1 if anything failed.
# Logs and everything that is built or fetched go to target/interop/. README.md tells what each suite shows.
set -u

if [ $# -lt 1 ]; then
    echo "usage: interop/run.sh PATH/TO/countersign [SUITE...]" >&2
    exit 2
fi
program=$(realpath "$1")
shift
wanted=("$@")
here=$(cd "$(dirname "$0")" && pwd)
target=$here/../target/interop
mkdir -p "$target/logs"
target=$(cd "$target" && pwd)
work=$target/work
rm -rf "$work"
mkdir -p "$work/files" "$work/signed" "$work/flipped"

passed=0
failed=0
skipped=0
servers=()

say() { printf '%s\n' "$*"; }
chosen() { [ ${#wanted[@]} -eq 0 ] || [[ " ${wanted[*]} " == *" $1 "* ]]; }
have() { command -v "$1" >/dev/null 2>&1; }
skip() {
    skipped=$((skipped + 1))
    say "SKIP interop/$1: $2"
}
# count SUITE PASSED FAILED: adds to the totals and prints them.
count() {
    passed=$((passed + $2))
    failed=$((failed + $3))
    say "$1: $2 passed, $3 failed (${SECONDS} s since the start)"
}
# one SUITE NAME STATUS LOG: a suite that is judged case by case here.
one() {
    if [ "$3" -eq 0 ]; then
        suite_passed=$((suite_passed + 1))
    else
        suite_failed=$((suite_failed + 1))
        say "FAIL $1: $2"
        [ -n "${4:-}" ] && tail -n 15 "$4" | sed 's/^/     /'
    fi
}
begin() {
    suite_passed=0
    suite_failed=0
}

end_servers() {
    for pid in "${servers[@]}"; do
        kill "$pid" 2>/dev/null
    done
    for pid in "${servers[@]}"; do
        wait "$pid" 2>/dev/null
    done
    servers=()
}
trap 'end_servers; [ -z "${building:-}" ] || kill "$building" 2>/dev/null' EXIT
trap 'exit 130' INT TERM

# start_server NAME: starts one more service and sets $url, from the first URL that it prints.
start_server() {
    local log=$target/logs/server-$1.log pid
    "$program" dev --listen 127.0.0.1:0 >"$log" 2>&1 &
    pid=$!
    servers+=("$pid")
    url=
    for _ in $(seq 300); do
        url=$(grep -oE 'http://(127\.0\.0\.1|localhost):[0-9]+' "$log" | head -n 1)
        if [ -n "$url" ] && curl -fsS -m 5 -o /dev/null "$url/readyz" 2>/dev/null; then
            return 0
        fi
        if ! kill -0 "$pid" 2>/dev/null; then
            break
        fi
        sleep 0.1
    done
    say "FAIL server: \`countersign dev --listen 127.0.0.1:0\` did not get ready"
    tail -n 20 "$log" | sed 's/^/     /'
    return 1
}

# ---- what others built ---------------------------------------------------------------------------------------

python=
prepare_python() {
    have python3 || return 1
    local venv=$target/venv mark=$target/venv/requirements.sum sum
    sum=$(sha256sum <"$here/python/requirements.txt")
    if [ "$(cat "$mark" 2>/dev/null)" != "$sum" ]; then
        python3 -m venv "$venv" >"$target/logs/venv.log" 2>&1 &&
            nice -n 10 "$venv/bin/pip" install -q -r "$here/python/requirements.txt" >>"$target/logs/venv.log" 2>&1 &&
            printf '%s\n' "$sum" >"$mark" || return 1
    fi
    python=$venv/bin/python
}

# Compiling others' programs takes longer than running them: it begins in the background while files are signed.
build_rust() {
    CARGO_TARGET_DIR=$target nice -n 10 cargo build -q --locked --manifest-path "$here/rust-client/Cargo.toml" >"$target/logs/build-rust.log" 2>&1
}

# validator MODULE CLASS: where the classes of a Java validator are, built if needed.
validator() {
    local built=$target/validators/validator-$1
    if [ ! -d "$built/lib" ] || [ "$here/java-validators" -nt "$built/made" ] ||
        [ -n "$(find "$here/java-validators" -newer "$built/made" -type f | head -n 1)" ]; then
        nice -n 10 mvn -q -B -f "$here/java-validators/pom.xml" -pl "$1" -am package >"$target/logs/build-$1.log" 2>&1 || return 1
        touch "$built/made"
    fi
    validator_path="$built/classes:$built/lib/*"
}

# ---- suites ---------------------------------------------------------------------------------------------------

# Three real files, signed through the relying party API.
make_files() {
    printf 'Osapooled lepivad kokku.\nСтороны договорились.\n' >"$work/files/leping.txt"
    make_pdf >"$work/files/aruanne.pdf"
    printf 'Nimi on eesti, vene ja pildikeeles.\n' >"$work/files/Šiili õlut – Договор № 7 🖋️.txt"
}

# A valid one-page PDF of 5 MB: its attachment is AES over zeros, the same on every machine and not to be compressed.
make_pdf() {
    local file=$work/pdf offsets=() object size
    add() { printf "$@" >>"$file"; }
    object() {
        offsets+=("$(wc -c <"$file")")
        add "$1"
    }
    printf '%%PDF-1.7\n%%\342\343\317\323\n' >"$file"
    object '1 0 obj\n<</Type/Catalog/Pages 2 0 R/Names<</EmbeddedFiles<</Names[(data)5 0 R]>>>>>>\nendobj\n'
    object '2 0 obj\n<</Type/Pages/Kids[3 0 R]/Count 1>>\nendobj\n'
    object '3 0 obj\n<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<<>>>>\nendobj\n'
    object '4 0 obj\n<</Type/EmbeddedFile/Length 5000000>>\nstream\n'
    openssl enc -aes-128-ctr -K 00000000000000000000000000000000 -iv 00000000000000000000000000000000 -in /dev/zero 2>/dev/null |
        head -c 5000000 >>"$file"
    add '\nendstream\nendobj\n'
    object '5 0 obj\n<</Type/Filespec/F(data)/UF(data)/EF<</F 4 0 R>>>>\nendobj\n'
    size=$(wc -c <"$file")
    add 'xref\n0 6\n0000000000 65535 f \n'
    for object in "${offsets[@]}"; do
        add '%010d 00000 n \n' "$object"
    done
    add 'trailer\n<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n' "$size"
    cat "$file"
}

suite_sign() {
    begin
    local file name
    make_files
    for file in "$work"/files/*; do
        name=$(basename "$file")
        COUNTERSIGN_URL=$url timeout 60 "$program" sign "$file" --person PNOEE-40504040001 --level LT --url "$url" \
            -o "$work/signed/${name%.*}.asice" >"$target/logs/sign.log" 2>&1
        one sign "countersign sign $name" $? "$target/logs/sign.log"
        timeout 60 "$program" verify "$work/signed/${name%.*}.asice" --trust "$trust" >"$target/logs/verify.log" 2>&1
        one sign "countersign verify ${name%.*}.asice" $? "$target/logs/verify.log"
    done
    count sign "$suite_passed" "$suite_failed"
}

# Sessions of the official Java client that end in containers: the judges after this one get them, too.
suite_java_container() {
    begin
    local log=$target/logs/java-container.log name
    nice -n 5 timeout 240 mvn -B -f "$here/java/pom.xml" "-Dsmart-id-java-client.version=$1" -Dtest=ContainerTest \
        "-Dcountersign.url=$url" "-Dcountersign.trust=$trust" "-Dcountersign.signed=$work/signed" test >"$log" 2>&1
    for name in java-notification java-qr; do
        [ -f "$work/signed/$name.asice" ]
        one java-container "$name.asice is made" $? "$log"
        timeout 60 "$program" verify "$work/signed/$name.asice" --level LT --trust "$trust" >"$work/out" 2>&1
        one java-container "countersign verify $name.asice" $? "$work/out"
    done
    count java-container "$suite_passed" "$suite_failed"
}

signed_files() { find "$work/signed" -name '*.asice' -print0 | sort -z; }

suite_check_asice() {
    begin
    local file name log=$target/logs/check-asice.log
    : >"$log"
    while IFS= read -r -d '' file; do
        name=$(basename "$file")
        "$python" "$here/python/check_asice.py" "$file" "$trust" >"$work/out" 2>&1
        one check_asice "$name" $? "$work/out"
        cat "$work/out" >>"$log"
    done < <(signed_files)
    [ $((suite_passed + suite_failed)) -gt 0 ] || one check_asice "there is no signed file to judge" 1
    count check_asice "$suite_passed" "$suite_failed"
}

# suite_validator MODULE CLASS: one start of Java for all files.
suite_validator() {
    local files=() file
    while IFS= read -r -d '' file; do files+=("$file"); done < <(signed_files)
    if [ "$1" = dss ]; then
        for file in "$work"/signed-once.pdf "$work"/signed-twice.pdf; do [ ! -f "$file" ] || files+=("$file"); done
    fi
    suite_counting "$1" nice -n 5 java -Xshare:auto -XX:TieredStopAtLevel=1 -cp "$validator_path" "interop.$2" "$trust" "${files[@]}"
}

# The judges themselves: containers that no Countersign code made, one good and the rest not; and what `countersign
# verify` says of them.
suite_samples() {
    begin
    local file name good status
    if ! "$python" "$here/python/make_sample.py" "$work/sample" >"$target/logs/samples.log" 2>&1; then
        one samples "make_sample.py" 1 "$target/logs/samples.log"
    else
        for file in "$work"/sample/*.asice; do
            name=$(basename "$file")
            case $name in good*) good=0 ;; *) good=1 ;; esac
            "$python" "$here/python/check_asice.py" "$file" "$work/sample/trust" >"$work/out" 2>&1
            status=$?
            one samples "check_asice.py judges $name with $status" $((status != good)) "$work/out"
            timeout 60 "$program" verify "$file" --trust "$work/sample/trust" >"$work/out" 2>&1
            status=$?
            one samples "countersign verify judges $name with $status" $(((status != 0) != good)) "$work/out"
        done
    fi
    count samples "$suite_passed" "$suite_failed"
}

# Every level, algorithm and number of signers by a PKI of its own: judged by everybody who is here, and what DSS and
# digidoc4j sign judged and extended by ours. No running service has a part in it.
suite_matrix() {
    local world=$work/matrix program_matrix=$here/../target/debug/examples/matrix line world_url= judges=() module name
    coproc MATRIX { "$program_matrix" "$world" --serve 2>"$target/logs/matrix-world.log"; }
    local matrix_pid=$MATRIX_PID
    while read -r line <&"${MATRIX[0]}"; do
        case $line in
        http*)
            world_url=$line
            break
            ;;
        SKIP*) say "$line" ;;
        esac
    done
    if [ -z "$world_url" ]; then
        begin
        one matrix "the containers cannot be made" 1 "$target/logs/matrix-world.log"
        count matrix "$suite_passed" "$suite_failed"
        return
    fi
    for module in dss:DssMatrix digidoc4j:DigiDoc4jMatrix; do
        name=${module%%:*}
        if have mvn && have java && validator "$name"; then
            local java=(java -Xshare:auto -XX:TieredStopAtLevel=1 -cp "$validator_path" "interop.${module##*:}")
            nice -n 5 "${java[@]}" make "$world" "$world_url" >"$target/logs/matrix-$name.log" 2>&1
            grep '^FAILED' "$target/logs/matrix-$name.log" | sed "s/^/$name does not make it: /"
            judges+=("$name=$(IFS=$'\x1f' && printf '%s' "${java[*]}")")
        else
            say "SKIP interop/matrix: $name cannot be built here"
        fi
    done
    MATRIX_URL=$world_url suite_counting matrix "${python:-python3}" "$here/python/matrix.py" "$world" "$program" "${judges[@]}"
    grep -E '^(countersign|signxml|xmlsec1|dss|digidoc4j|made by|SKIP)' "$target/logs/matrix.log"
    exec {MATRIX[1]}>&-
    wait "$matrix_pid" 2>/dev/null
}

# One byte flipped: `countersign verify` must refuse, and name the part; so must the judge by signxml and OpenSSL.
suite_flips() {
    begin
    local file part out name words
    while IFS= read -r -d '' file; do
        name=$(basename "$file" .asice)
        for part in data-file signed-properties signature-value signer-certificate time-stamp-imprint time-stamp-signature ocsp; do
            out=$work/flipped/$name.$part.asice
            if ! python3 "$here/python/flip.py" "$file" "$part" "$out" >"$work/out" 2>&1; then
                one flips "$name: cannot flip $part" 1 "$work/out"
                continue
            fi
            case $part in
            data-file) words='data ?file|digest|reference' ;;
            signed-properties) words='signed ?properties' ;;
            signature-value) words='signature' ;;
            signer-certificate) words='certificate' ;;
            time-stamp-*) words='time-?stamp' ;;
            ocsp) words='ocsp' ;;
            esac
            if timeout 60 "$program" verify "$out" --trust "$trust" >"$work/out" 2>&1; then
                one flips "$name: countersign verify accepts a flipped $part" 1 "$work/out"
            else
                grep -qiE "$words" "$work/out"
                one flips "$name: countersign verify refuses a flipped $part without naming it" $? "$work/out"
            fi
            if [ -n "$python" ]; then
                ! "$python" "$here/python/check_asice.py" "$out" "$trust" >"$work/out" 2>&1
                one flips "$name: check_asice.py accepts a flipped $part" $? "$work/out"
            fi
        done
    done < <(signed_files)
    [ $((suite_passed + suite_failed)) -gt 0 ] || one flips "there is no signed file to break" 1
    count flips "$suite_passed" "$suite_failed"
}

# PDF documents: ours judged by pyHanko, pdfsig and qpdf, theirs by us. `cargo test -p countersign-container` leaves every
# combination of level, algorithm and signers, and every attack, in target/tmp.
suite_pdf() {
    begin
    local file name status tests=$here/../target/tmp
    if [ -n "${url:-}" ]; then
        make_pdf >"$work/files-contract.pdf"
        COUNTERSIGN_URL=$url timeout 60 "$program" sign "$work/files-contract.pdf" --format pdf --person PNOEE-40504040001 \
            --level LTA --visible 1:72,72,200,50 --reason Nõus --url "$url" -o "$work/signed-once.pdf" >"$target/logs/sign-pdf.log" 2>&1
        one pdf "countersign sign --format pdf" $? "$target/logs/sign-pdf.log"
        COUNTERSIGN_URL=$url timeout 60 "$program" sign "$work/signed-once.pdf" --format pdf --person PNOEE-40504040001 \
            --level LTA --hash SHA3-512 --url "$url" -o "$work/signed-twice.pdf" >"$target/logs/sign-pdf.log" 2>&1
        one pdf "countersign sign --format pdf, a second time" $? "$target/logs/sign-pdf.log"
        timeout 60 "$program" verify "$work/signed-twice.pdf" --level LTA --trust "$trust" >"$target/logs/verify-pdf.log" 2>&1
        one pdf "countersign verify" $? "$target/logs/verify-pdf.log"
    fi
    if [ ! -f "$tests/pdf-matrix/expected.json" ]; then
        skip pdf/matrix "no documents in $tests/pdf-matrix; cargo test -p countersign-container writes them"
    else
        if have qpdf; then
            for file in "$tests"/pdf-matrix/*.pdf "$work"/signed-*.pdf; do
                [ -f "$file" ] || continue
                qpdf --check "$file" >"$work/out" 2>&1
                one pdf "qpdf --check $(basename "$file")" $? "$work/out"
            done
        else
            skip pdf/qpdf "qpdf not found"
        fi
        if have pdfsig; then
            for file in "$tests"/pdf-matrix/*.pdf; do
                # Poppler 22.12 knows no SHA-3.
                case $file in *sha3*) continue ;; esac
                name=$(basename "$file")
                pdfsig -nocert "$file" >"$work/out" 2>&1
                # Document time-stamps it does not verify at all.
                status=$(grep 'Signature Validation:' "$work/out" | grep -vc -e 'Signature is Valid' -e 'has not yet been verified')
                grep -q 'Signature is Valid' "$work/out" || status=1
                one pdf "pdfsig $name" "$status" "$work/out"
            done
            skip pdf/pdfsig "SHA3-512 is not known to poppler"
        else
            skip pdf/pdfsig "pdfsig not found"
        fi
    fi
    count pdf "$suite_passed" "$suite_failed"
    if ! "$python" -c 'import pyhanko' 2>/dev/null; then
        skip pdf/pyhanko "no Python environment with pyHanko, see $target/logs/venv.log"
        return
    fi
    [ ! -f "$tests/pdf-matrix/expected.json" ] ||
        suite_counting pdf-openssl "$python" "$here/python/openssl_cms.py" "$tests/pdf-matrix"
    for name in matrix hostile; do
        [ -f "$tests/pdf-$name/expected.json" ] || continue
        suite_counting "pdf-$name" "$python" "$here/python/check_pdf.py" "$name" "$tests/pdf-$name"
    done
    begin
    "$python" "$here/python/make_pdf.py" "$work/pyhanko" >"$target/logs/make-pdf.log" 2>&1
    one pdf-theirs "make_pdf.py" $? "$target/logs/make-pdf.log"
    for file in "$work"/pyhanko/*.pdf; do
        name=$(basename "$file" .pdf)
        status=${name%-*}
        timeout 60 "$program" verify "$file" --level "${status##*-}" --trust "$work/pyhanko/trust" >"$work/out" 2>&1
        one pdf-theirs "countersign verify $name.pdf" $? "$work/out"
    done
    count pdf-theirs "$suite_passed" "$suite_failed"
}

# suite_counting NAME COMMAND...: a suite that prints `FAILED ...` lines and `passed N failed N` itself.
suite_counting() {
    local name=$1 log=$target/logs/$1.log line
    shift
    timeout 240 "$@" >"$log" 2>&1
    local status=$?
    grep '^FAILED' "$log" | sed "s/^FAILED/FAIL $name:/"
    line=$(grep -E '^passed [0-9]+ failed [0-9]+$' "$log" | tail -n 1)
    if [ -z "$line" ]; then
        say "FAIL $name: did not finish (exit code $status)"
        tail -n 15 "$log" | sed 's/^/     /'
        count "$name" 0 1
    else
        # shellcheck disable=SC2086
        set -- $line
        count "$name" "$2" "$4"
    fi
}

suite_java() {
    local log=$target/logs/java.log reports=$target/java/surefire-reports
    rm -rf "$reports"
    nice -n 5 timeout 240 mvn -B -f "$here/java/pom.xml" "-Dsmart-id-java-client.version=$1" \
        "-Dcountersign.url=$url" "-Dcountersign.trust=$trust" test >"$log" 2>&1
    local total bad
    total=$(sed -n 's/^\[[A-Z]*\] *Tests run: \([0-9]*\), Failures: \([0-9]*\), Errors: \([0-9]*\), Skipped: \([0-9]*\) *$/\1 \2 \3 \4/p' "$log" | tail -n 1)
    if [ -z "$total" ]; then
        say "FAIL java: Maven did not get to the tests"
        grep -E '^\[ERROR\]' "$log" | head -n 10 | sed 's/^/     /'
        count java 0 1
        return
    fi
    # shellcheck disable=SC2086
    set -- $total
    bad=$(($2 + $3))
    grep -E '^\[ERROR\]   [A-Z][A-Za-z]*Test[.:]' "$log" | sed 's/^\[ERROR\]  /FAIL java:/' | cut -c1-300
    count java $(($1 - bad - $4)) "$bad"
}

suite_schemathesis() {
    local log=$target/logs/schemathesis.log
    if timeout 200 "$here/python/run_schemathesis.sh" "$url" "$(dirname "$python")/schemathesis" >"$log" 2>&1; then
        count schemathesis 1 0
    else
        say "FAIL schemathesis: see $log"
        grep -nE '^(_+ |- |[0-9]+\. Test Case|\[[0-9]+\])|Server error|Undocumented|violates' "$log" | head -n 40 | sed 's/^/     /'
        count schemathesis 0 1
    fi
}

# ---- the run --------------------------------------------------------------------------------------------------

for tool in curl openssl; do
    have "$tool" || {
        skip all "$tool not found"
        say "interop: $passed passed, $failed failed, $skipped skipped"
        exit 0
    }
done

building=
if chosen rust && have cargo; then
    build_rust &
    building=$!
fi

if ! start_server main; then
    say "interop: $passed passed, $((failed + 1)) failed, $skipped skipped"
    exit 1
fi
main_url=$url
trust=$target/trust
rm -rf "$trust"
if ! "$program" trust export "$trust" >"$target/logs/trust.log" 2>&1; then
    say "FAIL trust: countersign trust export $trust"
    tail -n 10 "$target/logs/trust.log" | sed 's/^/     /'
    failed=$((failed + 1))
fi

if ! prepare_python; then
    python=
fi

# Signed first: later suites move the server's clock.
if chosen sign || chosen check_asice || chosen dss || chosen digidoc4j || chosen flips; then
    suite_sign
fi
if chosen java-container; then
    if ! have mvn; then
        skip java-container "mvn not found"
    elif ! client=$("$here/java/client.sh" 2>"$target/logs/client.log"); then
        skip java-container "$(tail -n 1 "$target/logs/client.log")"
    else
        suite_java_container "$client"
    fi
fi
if chosen check_asice; then
    if [ -n "$python" ]; then suite_check_asice; else skip python "no Python environment, see $target/logs/venv.log"; fi
fi
if chosen pdf; then suite_pdf; fi
for module in dss:DssValidator digidoc4j:DigiDoc4jValidator; do
    name=${module%%:*}
    chosen "$name" || continue
    if ! have mvn; then
        skip "java-validators/$name" "mvn not found"
    elif ! have java; then
        skip "java-validators/$name" "java not found"
    elif ! validator "$name"; then
        skip "java-validators/$name" "cannot be built here, see $target/logs/build-$name.log"
    else
        suite_validator "$name" "${module##*:}"
    fi
done
if chosen flips; then
    if have python3; then suite_flips; else skip flips "python3 not found"; fi
fi
if chosen samples; then
    if [ -n "$python" ]; then suite_samples; else skip samples "no Python environment, see $target/logs/venv.log"; fi
fi
if chosen matrix; then
    if ! have cargo; then
        skip matrix "cargo not found"
    elif ! nice -n 5 cargo build -q --locked --workspace --example matrix --manifest-path "$here/../Cargo.toml" >"$target/logs/build-matrix.log" 2>&1; then
        skip matrix "cannot be built here, see $target/logs/build-matrix.log"
    else
        suite_matrix
    fi
fi
if chosen ocsp; then suite_counting ocsp "$here/python/openssl_ocsp.sh" "$main_url" "$trust"; fi
if chosen tsa; then suite_counting tsa "$here/python/openssl_tsa.sh" "$main_url" "$trust"; fi
if chosen schemathesis; then
    if [ -z "$python" ]; then
        skip schemathesis "no Python environment, see $target/logs/venv.log"
    elif start_server schemathesis; then
        suite_schemathesis
    else
        failed=$((failed + 1))
    fi
fi
url=$main_url
if chosen rust; then
    if ! have cargo; then
        skip rust-client "cargo not found"
    elif ! wait "$building"; then
        skip rust-client "cannot be built here, see $target/logs/build-rust.log"
    else
        COUNTERSIGN_URL=$url COUNTERSIGN_TRUST=$trust suite_counting rust "$target/debug/interop-rust-client"
    fi
fi
if chosen java; then
    if ! have mvn; then
        skip java "mvn not found"
    elif ! client=$("$here/java/client.sh" 2>"$target/logs/client.log"); then
        skip java "$(tail -n 1 "$target/logs/client.log")"
    else
        suite_java "$client"
    fi
fi

end_servers
say "interop: $passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
