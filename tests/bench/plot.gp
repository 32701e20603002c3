# plot.gp: bench.svg from bodies.dat and addresses.dat in this directory.
set terminal svg size 1000,420 font "sans-serif,13" background "white"
set output "bench.svg"
set multiplot layout 1,2
set logscale xy
set grid ytics lc rgb "#dddddd"
set key top left
set ylabel "CPU us a record, all server processes"

set title "as the body grows"
set xlabel "bytes"
set yrange [10:*]
plot for [i=0:3] "bodies.dat" index i using 1:2 with linespoints pt 7 ps 0.6 lw 2 title columnheader(1)

set title "as addresses become more"
set xlabel "addresses"
set yrange [10:1000]
set xrange [0.8:*]
plot "addresses.dat" using 1:2 with linespoints pt 7 ps 0.6 lw 2 title "rollcall, S"
unset multiplot
