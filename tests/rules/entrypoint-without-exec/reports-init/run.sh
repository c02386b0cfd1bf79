#!/bin/sh
server
