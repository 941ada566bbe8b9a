# Counting and printing for the shell suites. `expect NAME TEXT WANTED...`, `refuse NAME TEXT WANTED UNWANTED...`, `finish`.
passed=0
failed=0

ok() {
    passed=$((passed + 1))
    echo "ok     $1"
}

not_ok() {
    failed=$((failed + 1))
    echo "FAILED $1: $(printf '%s' "$2" | tr '\n' '|' | cut -c1-400)"
}

expect() {
    case_name=$1
    case_text=$2
    shift 2
    for wanted in "$@"; do
        case $case_text in
        *"$wanted"*) ;;
        *)
            not_ok "$case_name" "no \"$wanted\" in: $case_text"
            return
            ;;
        esac
    done
    ok "$case_name"
}

# refuse NAME TEXT WANTED UNWANTED...: WANTED shows that there was an answer at all, so that silence does not pass.
refuse() {
    case_name=$1
    case_text=$2
    case $case_text in
    *"$3"*) ;;
    *)
        not_ok "$case_name" "no \"$3\" in: $case_text"
        return
        ;;
    esac
    shift 3
    for unwanted in "$@"; do
        case $case_text in
        *"$unwanted"*)
            not_ok "$case_name" "$case_text"
            return
            ;;
        esac
    done
    ok "$case_name"
}

finish() {
    echo "passed $passed failed $failed"
    [ "$failed" -eq 0 ]
    exit
}
