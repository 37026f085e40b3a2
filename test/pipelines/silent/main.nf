// A task that fails without a word, so that Nextflow asks for the pod's log.
process SILENT {
    script:
    '''
    exit 9
    '''
}

workflow {
    SILENT()
}
