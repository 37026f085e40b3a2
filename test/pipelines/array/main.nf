// An array of jobs, which the k8s executor refuses.
process ARRAY {
    array 2

    input:
    val n

    script:
    '''
    true
    '''
}

workflow {
    ARRAY(Channel.of(1, 2, 3, 4))
}
