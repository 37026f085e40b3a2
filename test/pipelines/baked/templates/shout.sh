#!/bin/bash
echo '${word}' | shout > shouted.txt
