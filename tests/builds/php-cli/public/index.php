<?php
header("Content-Type: text/plain");
echo "tonnage ", array_sum([120, 80]);
