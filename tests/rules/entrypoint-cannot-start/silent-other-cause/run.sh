#!/bin/bash
exec app
