# As in keepalived, priority 255 with `state BACKUP` waits one down interval.
instance V1 eth0 vrid=51 prio=255 addr=10.0.0.100
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> arm V1 MasterDown @3.003907
> tell (V1) INIT -> BACKUP: starting
@3.003907 * V1 MasterDown
> advertise V1 prio=255 rev=1
> claim V1 repeat=5
> arm V1 Advert @4.003907
> arm V1 SecondBurst @8.003907
> tell (V1) BACKUP -> MASTER: no advert for 3.003907 s
@3.1 < wait
