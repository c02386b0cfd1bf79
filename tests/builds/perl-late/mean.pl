my @depths = <>;
chomp @depths;
print "(", join("+", @depths), ")/", scalar @depths, "\n";
