process HELLO {
    input: path hello
    output: stdout
    script: "./$hello"
}
workflow { HELLO(file("$projectDir/scripts/hello.sh")) }
