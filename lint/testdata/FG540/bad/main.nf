process HELLO {
    output: stdout
    script: 'hello.sh'
}
workflow { HELLO() }
