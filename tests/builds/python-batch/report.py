import csv

from tabulate import tabulate

with open("ships.csv") as file:
    print(tabulate(list(csv.reader(file)), headers="firstrow"))
