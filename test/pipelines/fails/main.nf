// A task that fails: its exit code and the end of its standard error reach the user.
process BROKEN {
    output:
    path 'never.txt'

    script:
    '''
    echo 'the reason' >&2
    exit 7
    '''
}

workflow {
    BROKEN()
}
