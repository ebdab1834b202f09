# Row 44: a file of weight 0 is a fault unless it holds 0, reversed unless it does not; with a weight
# the product is, from -254 down.
file zero
file full
file load
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100
track V1 file zero 0
track V1 file full 0 reverse
track V1 file load -2
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < file full 7
@0 < start
> arm V1 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
@1 < file zero 1
> disarm V1 MasterDown
> tell (V1) BACKUP -> FAULT: track file zero holds 1
@1 < file zero 2
@1 < show V1
> V1 FAULT wants=FAULT prio=100 source=10.0.0.1 interval=1; track file zero holds 2
@1 < file full 0
> note (V1) another fault: track file full holds 0
@1.1 < file zero 0
> note (V1) this fault is gone, others are left: track file zero holds 2
@1.2 < file full -1
> arm V1 MasterDown @4.809375
> tell (V1) FAULT -> BACKUP: the fault is gone
@2 < file load 10
> note (V1) effective priority 100 -> 80
@2 < file load 126
> note (V1) effective priority 80 -> 1
@2 < show V1
> V1 BACKUP wants=BACKUP prio=1 source=10.0.0.1 interval=1
@2 < file load 127
> disarm V1 MasterDown
> note (V1) effective priority 1 -> 100
> tell (V1) BACKUP -> FAULT: track file load holds 127
@2 < show V1
> V1 FAULT wants=FAULT prio=100 source=10.0.0.1 interval=1; track file load holds 127
@2.1 < file load 2147483647
@2.2 < file load -2147483648
> arm V1 MasterDown @5.207813
> note (V1) effective priority 100 -> 254
> tell (V1) FAULT -> BACKUP: the fault is gone
@2.3 < file load 0
> note (V1) effective priority 254 -> 100
