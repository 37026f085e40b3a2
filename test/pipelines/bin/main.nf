// A program in the project's bin/ folder, which open mode does not bring to the pods.
process USES_BIN {
    script:
    '''
    helper
    '''
}

workflow {
    USES_BIN()
}
