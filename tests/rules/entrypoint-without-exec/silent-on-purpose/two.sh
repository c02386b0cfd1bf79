#!/bin/bash
helper &
server
