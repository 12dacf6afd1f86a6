# Makes a manual page of each function of the headers from its comment.
# Usage: awk -v folder=FOLDER -v date="Month D, YYYY" -f batv-ffi/man.awk include/batv.h include/batv_exim.h

# Text for mdoc, in which each sentence begins a line.
function text(line,   done) {
    gsub(/\\/, "\\e", line)
    gsub(/\(see the top\)/, "(see libbatv(3))", line)
    while (match(line, /\. [A-Z]/)) {
        done = done substr(line, 1, RSTART) "\n"
        line = substr(line, RSTART + 2)
    }
    line = done line
    return line ~ /^[.']/ ? "\\&" line : line
}

# Writes a paragraph; one that begins with "name: " or "name, name: " is about arguments.
function paragraph(   i, name) {
    for (i = 1; i <= lines; i++) {
        if (match(line[i], /^[a-z_]+(, [a-z_]+)*: /)) {
            if (!listed) print ".Bl -tag -width Ds" >page
            listed = 1
            name = substr(line[i], 1, RLENGTH - 2)
            gsub(/, /, " , ", name)
            print ".It Fa " name >page
            line[i] = substr(line[i], RLENGTH + 1)
        } else if (i == 1) {
            end_list()
            if (line[i] ~ /^Returns /) {
                print ".Sh RETURN VALUES" >page
                returns = 1
            } else if (!first) {
                print ".Pp" >page
            }
        }
        first = 0
        if (returns) {
            sub(/^_/, "BATV_STATUS_", line[i])
            gsub(/ _/, " BATV_STATUS_", line[i])
        }
        if (line[i] != "") print text(line[i]) >page
    }
    lines = 0
}

function end_list() {
    if (listed) print ".El" >page
    listed = 0
}

# Writes the page of a declaration: RETURN NAME(TYPE ARGUMENT, ...) ATTRIBUTES;
function write(declaration,   name, result, arguments, i, count, argument, sentence) {
    gsub(/BATV_MUST_USE |BATV_NONNULL\([0-9, ]*\)|struct /, "", declaration)
    gsub(/[ \t]+/, " ", declaration)
    match(declaration, /batv_[a-z_]+\(/)
    name = substr(declaration, RSTART, RLENGTH - 1)
    result = substr(declaration, 1, RSTART - 1)
    sub(/ $/, "", result)
    arguments = substr(declaration, RSTART + RLENGTH)
    sub(/\) *;.*/, "", arguments)
    page = folder "/" name ".3"

    sentence = comment[1]
    for (i = 2; i <= comments && sentence !~ /[.:]( |$)/; i++) sentence = sentence " " comment[i]
    sub(/(, such as|[.:;] |[.:]$).*/, "", sentence)
    print ".\\\" SPDX-License-Identifier: MIT OR Apache-2.0" >page
    print ".Dd " date "\n.Dt " toupper(name) " 3\n.Os\n.Sh NAME\n.Nm " name >page
    print ".Nd " text(tolower(substr(sentence, 1, 1)) substr(sentence, 2)) >page
    print ".Sh LIBRARY\n.Nm libbatv\n.Pq Fl l Ns Ar batv\n.Sh SYNOPSIS" >page
    print ".In " substr(FILENAME, match(FILENAME, /[^\/]*$/)) >page
    print ".Ft \"" result "\"\n.Fo " name >page
    count = split(arguments, argument, /, /)
    for (i = 1; i <= count; i++) print ".Fa \"" argument[i] "\"" >page
    print ".Fc\n.Sh DESCRIPTION" >page

    first = 1
    returns = listed = lines = 0
    for (i = 1; i <= comments; i++) {
        if (comment[i] == "") paragraph()
        else line[++lines] = comment[i]
    }
    paragraph()
    end_list()
    print ".Sh SEE ALSO\n.Xr libbatv 3" >page
    close(page)
}

/^\/\*\*$/ { comments = 0; inside = 1; next }
inside && /^ \*\/$/ { inside = 0; next }
inside { sub(/^ \* ?/, ""); comment[++comments] = $0; next }
/^[A-Za-z].*batv_[a-z_]+\(/ && !/typedef/ { declaration = "" ; declaring = 1 }
/^BATV_MUST_USE$/ { declaration = "" ; declaring = 1 }
declaring {
    declaration = declaration " " $0
    if (/;$/) {
        sub(/^ /, "", declaration)
        write(declaration)
        declaring = 0
    }
}
