// A module's template, and a program that the image holds.
params.out = 'results'

process SHOUT {
    publishDir params.out, mode: 'copy'

    input:
    val word

    output:
    path 'shouted.txt'

    script:
    template 'shout.sh'
}

workflow {
    SHOUT('quiet')
}
