#!/bin/bash
server &
wait $!
