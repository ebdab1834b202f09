# Rows 61 and 65: refreshes while Master, none after, and one series however often it is Master.
instance V1 eth0 vrid=51 prio=100 int=1 addr=10.0.0.100 garp_delay=1 garp_refresh=2
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> arm V1 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
@3.609375 * V1 MasterDown
> advertise V1 prio=100 rev=1
> claim V1 repeat=5
> arm V1 Advert @4.609375
> arm V1 SecondBurst @4.609375
> arm V1 Refresh @6.609375
> tell (V1) BACKUP -> MASTER: no advert for 3.609375 s
@4.609375 * V1 Advert
> advertise V1 prio=100 rev=1
> arm V1 Advert @5.609375
@4.609375 * V1 SecondBurst
> announce V1 repeat=5
@5.609375 * V1 Advert
> advertise V1 prio=100 rev=1
> arm V1 Advert @6.609375
@6 < wait
@6.1 < advert prio=200
> release V1
> disarm V1 Advert
> disarm V1 Refresh
> arm V1 MasterDown @9.709375
> tell (V1) MASTER -> BACKUP: advert from 10.0.0.2 with higher priority 200
@7 < wait
@9.709375 * V1 MasterDown
> advertise V1 prio=100 rev=1
> claim V1 repeat=5
> arm V1 Advert @10.709375
> arm V1 SecondBurst @10.709375
> arm V1 Refresh @12.709375
> tell (V1) BACKUP -> MASTER: no advert for 3.609375 s
@10.709375 * V1 Advert
> advertise V1 prio=100 rev=1
> arm V1 Advert @11.709375
@10.709375 * V1 SecondBurst
> announce V1 repeat=5
@11.709375 * V1 Advert
> advertise V1 prio=100 rev=1
> arm V1 Advert @12.709375
@12 < wait
