// Outputs of every shape: directories, globs, links of both kinds, names with spaces and letters beyond ASCII.
params.out = 'results'

process SHAPES {
    publishDir params.out, mode: 'copy'

    output:
    path 'tree', emit: tree
    path '*.csv', emit: tables
    path 'soft.txt', emit: soft
    path 'hard.txt', emit: hard
    path 'with space.txt', emit: space
    path 'Zürich-日本.txt', emit: unicode

    script:
    '''
    mkdir -p tree/a/b tree/empty
    echo one > tree/one.txt
    echo two > tree/a/b/two.txt
    echo 1,2 > first.csv
    echo 3,4 > second.csv
    echo 'not an output' > scratch.tmp
    echo target > target.txt
    ln -s target.txt soft.txt
    ln target.txt hard.txt
    echo spaced > 'with space.txt'
    echo letters > 'Zürich-日本.txt'
    '''
}

process READ {
    publishDir params.out, mode: 'copy'

    input:
    path tree
    path tables
    path soft
    path hard
    path 'renamed name.txt'
    path unicode

    output:
    path 'read.txt'

    script:
    '''
    { cat tree/one.txt tree/a/b/two.txt first.csv second.csv soft.txt hard.txt 'renamed name.txt' Zürich-日本.txt; } > read.txt
    '''
}

workflow {
    SHAPES()
    READ(SHAPES.out.tree, SHAPES.out.tables, SHAPES.out.soft, SHAPES.out.hard, SHAPES.out.space, SHAPES.out.unicode)
}
